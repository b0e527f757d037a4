import type { Random } from '@millrace/ports'
import type { Place } from '../../core/arn.ts'
import { AwsError } from '../../core/aws-error.ts'
import { type FunctionAnswer, type FunctionInvoker, FunctionNotInvoked } from '../../core/ports/functions.ts'
import { functionOf } from './function-name.ts'
import type { FunctionTable } from './functions/function-table.ts'
import { FunctionUnreachable, NoPlaceFree } from './functions/invocation.ts'
import type { Invocations } from './invocations.ts'

export type ServerFunctionsParts = {
  readonly place: Place
  readonly random: Random
  readonly functions: FunctionTable
  readonly invocations: Invocations
}

/** The functions of this server, for the services beside Lambda: as an Invoke that waits for its answer, without the wire. */
export class ServerFunctions implements FunctionInvoker {
  readonly #parts: ServerFunctionsParts

  constructor(parts: ServerFunctionsParts) {
    this.#parts = parts
  }

  async invoke(functionName: string, payload: Uint8Array, signal: AbortSignal): Promise<FunctionAnswer> {
    const { invocations, random } = this.#parts
    const called = this.#find(functionName)
    try {
      const asked = { event: payload, requestId: random.uuid(), mayWait: false, signal }
      const { functionError, payload: answer } = await invocations.invoke(called, asked)
      return { functionError, payload: answer }
    } catch (error) {
      const reason = error instanceof NoPlaceFree ? 'throttled' : error instanceof FunctionUnreachable && 'unreachable'
      throw reason ? new FunctionNotInvoked(reason, (error as Error).message, { cause: error }) : error
    }
  }

  #find(functionName: string) {
    try {
      return functionOf(this.#parts, functionName)
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      throw new FunctionNotInvoked('not found', error.message, { cause: error })
    }
  }
}
