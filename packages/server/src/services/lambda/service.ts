import type { Operation, Service } from '../../core/operation.ts'
import type { FunctionInvoker } from '../../core/ports/functions.ts'
import type { LambdaContext, LambdaParts } from './context.ts'
import { face } from './door.ts'
import { ServerFunctions } from './function-invoker.ts'
import { FunctionTable } from './functions/function-table.ts'
import { Invocations } from './invocations.ts'
import { bufferedBytesTotalMax } from './limits.ts'
import { BufferRoom } from './mappings/buffer-room.ts'
import { CheckpointStore } from './mappings/checkpoint.ts'
import { MappingRunner } from './mappings/mapping-runner.ts'
import { MappingStore } from './mappings/mapping-store.ts'
import * as operations from './operations/index.ts'

export type LambdaService = Service<LambdaContext> & {
  /** For whoever inside the server needs a function. */
  readonly invoker: FunctionInvoker
  /** Ends functions and deliveries. What was not delivered is delivered after the next start. */
  stop(): Promise<void>
}

/** Batches that functions are at when the server stops may be finished so long: else they come again. */
const graceMs = 4000

/** Lambda with the functions that an operator gave: takes up the event source mappings that the catalog knows. */
export function openLambda(parts: LambdaParts): LambdaService {
  const { catalog, definitions, place } = parts
  const functions = new FunctionTable(definitions, parts)
  const invocations = new Invocations(parts)
  const mappings = new MappingStore(catalog)
  const checkpoints = new CheckpointStore(catalog)
  const room = new BufferRoom(bufferedBytesTotalMax)
  const region = place.region
  const runner = new MappingRunner({ ...parts, region, functions, invocations, mappings, checkpoints, room })
  runner.start()
  return {
    ...face,
    operations: new Map(Object.values(operations).map((declared) => [declared.name, declared as AnyOperation])),
    context: { ...parts, functions, invocations, mappings, runner },
    invoker: new ServerFunctions({ place, random: parts.random, functions, invocations }),
    async stop() {
      const stopped = runner.stop()
      await Promise.race([stopped, parts.clock.sleep(graceMs)])
      await Promise.all([invocations.stop(), functions.stop()])
      await stopped
    },
  }
}

// biome-ignore lint/suspicious/noExplicitAny: see Service
type AnyOperation = Operation<LambdaContext, any>
