import { anySignal } from '@millrace/ports'
import { AwsError } from '../../../core/aws-error.ts'
import { Bell } from '../../../core/bell.ts'
import type { RoleAccess } from '../../../core/role-access.ts'
import { readerFor } from '../access.ts'
import type { FunctionTable } from '../functions/function-table.ts'
import type { ProcessingResult } from './batch-runner.ts'
import type { CheckpointStore } from './checkpoint.ts'
import type { Mapping } from './mapping.ts'
import { type DeliveryParts, MappingDelivery, placeShards } from './mapping-delivery.ts'
import type { MappingStore } from './mapping-store.ts'

/** After a failure of storage a mapping is taken up again so much later. */
const retryMs = 1000

const lookAgainMs = 60_000

export type RunnerParts = DeliveryParts & {
  /** What roles of functions may do. @default everything */
  readonly roles?: RoleAccess | undefined
  readonly mappings: MappingStore
  readonly checkpoints: CheckpointStore
  readonly functions: FunctionTable
  /** How long a mapping is Creating, Enabling, Disabling, Updating or Deleting at least, in milliseconds. */
  readonly transitionMs: number
}

type Running = { readonly done: Promise<void>; readonly bell: Bell; stopDelivery: AbortController }

/**
 * Brings every mapping to the state that it is to have, and keeps it delivering. What is to be done stands in the catalog,
 * so a restart takes it up again:
 *
 *   Creating, Enabling, Updating → Enabled: delivers    → Disabled: does not    Disabling → Disabled    Deleting → gone
 */
export class MappingRunner {
  readonly #parts: RunnerParts
  readonly #running = new Map<string, Running>()
  readonly #results = new Map<string, ProcessingResult>()
  readonly #stopping = new AbortController()
  #unwatch = () => {}

  constructor(parts: RunnerParts) {
    this.#parts = parts
  }

  start(): void {
    const { mappings } = this.#parts
    for (const { uuid } of mappings.all()) this.#look(uuid)
    this.#unwatch = mappings.watch((uuid) => this.#look(uuid))
  }

  /** Resolves when nothing runs any more. Functions that still run must be ended by whoever has them. */
  async stop(): Promise<void> {
    this.#unwatch()
    this.#stopping.abort()
    for (const { stopDelivery } of this.#running.values()) stopDelivery.abort()
    await Promise.all([...this.#running.values()].map(({ done }) => done))
  }

  /** What the mapping's last batch came to since the server started. */
  lastResult(uuid: string): ProcessingResult {
    return this.#results.get(uuid) ?? 'No records processed'
  }

  #look(uuid: string): void {
    const running = this.#running.get(uuid)
    if (running) {
      // An Enabled mapping goes on delivering; any other state ends what is delivered by the settings of before.
      if (this.#parts.mappings.find(uuid)?.state !== 'Enabled') running.stopDelivery.abort()
      running.bell.ring()
      return
    }
    if (this.#stopping.signal.aborted || !this.#parts.mappings.find(uuid)) return
    const begun: Running = { bell: new Bell(), stopDelivery: new AbortController(), done: Promise.resolve() }
    this.#running.set(uuid, begun)
    const done = this.#run(uuid, begun).finally(() => this.#running.delete(uuid))
    this.#running.set(uuid, Object.assign(begun, { done }))
  }

  async #run(uuid: string, running: Running): Promise<void> {
    const { clock, logger, mappings } = this.#parts
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const mapping = mappings.find(uuid)
      if (!mapping) {
        this.#results.delete(uuid)
        return
      }
      try {
        if (mapping.state === 'Enabled') await this.#deliver(mapping, running)
        else if (mapping.state === 'Disabled') await running.bell.wait(clock, lookAgainMs, signal)
        else await this.#settle(mapping)
      } catch (error) {
        if (error instanceof AwsError && error.code === 'ResourceNotFoundException') continue // it went away meanwhile
        logger.log('error', 'an event source mapping failed and will be tried again', { mapping: uuid, error })
        await clock.sleep(retryMs, signal)
      }
    }
  }

  /** The end of a state between. */
  async #settle(mapping: Mapping): Promise<void> {
    const { checkpoints, clock, mappings, transitionMs } = this.#parts
    const { signal } = this.#stopping
    const { state, uuid } = mapping
    await clock.sleep(transitionMs, signal)
    if (signal.aborted) return
    if (state === 'Deleting') {
      await checkpoints.removeAll(uuid)
      return mappings.remove(uuid)
    }
    const placedStreamId = mapping.isEnabled ? await this.#place(mapping) : mapping.placedStreamId
    await mappings.update(uuid, (now) =>
      now.state === state && now.modifiedAtMs === mapping.modifiedAtMs
        ? {
            ...now,
            state: now.isEnabled ? 'Enabled' : 'Disabled',
            modifiedAtMs: clock.nowMs(),
            ...(placedStreamId !== undefined && { placedStreamId }),
          }
        : now,
    )
  }

  /** The id of the stream whose shards have their positions; undefined while there is no stream. */
  async #place(mapping: Mapping): Promise<string | undefined> {
    const stream = this.#parts.streams.find(mapping.eventSourceArn)
    if (stream && stream.streamId !== mapping.placedStreamId) await placeShards(this.#parts, mapping, stream)
    return stream?.streamId
  }

  async #deliver(mapping: Mapping, running: Running): Promise<void> {
    const { clock, functions, logger, mappings, streams } = this.#parts
    const { eventSourceArn, functionName, uuid } = mapping
    running.stopDelivery = new AbortController()
    const signal = anySignal([running.stopDelivery.signal, this.#stopping.signal])
    if (mappings.find(uuid)?.state !== 'Enabled') return
    const stream = streams.find(eventSourceArn)
    const called = functions.find(functionName)
    if (!stream || !called) {
      this.#results.set(uuid, stream ? 'PROBLEM: Function not found' : 'PROBLEM: Stream not found')
      const unwatch = streams.watch(() => running.bell.ring())
      await running.bell.wait(clock, lookAgainMs, signal)
      return unwatch()
    }
    if (stream.streamId !== mapping.placedStreamId) {
      logger.log('warn', 'a mapping has met another stream of this name', { mapping: uuid, eventSourceArn })
      const placedStreamId = await this.#place(mapping)
      await mappings.update(uuid, (now) => ({ ...now, ...(placedStreamId !== undefined && { placedStreamId }) }))
    }
    const tell = (result: ProcessingResult) => void this.#results.set(uuid, result)
    // The answer to a later batch may hide that reading was refused: so it is told each time.
    const reader = readerFor(this.#parts, called.definition, eventSourceArn, (reason, isNews) => {
      tell(`PROBLEM: ${reason}`)
      if (isNews) logger.log('error', 'a mapping may not read its stream, and waits', { mapping: uuid, reason })
    })
    await new MappingDelivery({ ...this.#parts, streams: reader }, mapping, called, tell).run(stream, signal)
  }
}
