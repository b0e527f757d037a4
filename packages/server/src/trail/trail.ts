import type { Clock, Logger, Random } from '@millrace/ports'
import type { Place } from '../core/arn.ts'
import type { AuditedCall, AuditTrail } from '../core/audit.ts'
import type { ServiceFace } from '../core/operation.ts'
import type { ObjectStore } from '../core/ports/objects.ts'
import { type DataSelection, selects } from './data-selection.ts'
import { type EventKind, eventKindOf } from './event-kinds.ts'
import { eventRecord } from './event-record.ts'
import { Journal, type JournalLimits, standardLimits } from './journal.ts'
import { type JournalFiles, nodeJournalFiles } from './journal-files.ts'
import { LogDelivery } from './log-delivery.ts'
import { logFileName } from './log-file.ts'

export type TrailParts = {
  readonly place: Place
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Where records wait until their log file is put. Nobody else may use it. */
  readonly journal: string
  /** Where log files go. */
  readonly objects: Pick<ObjectStore, 'put'>
  readonly bucket: string
  /** Before `AWSLogs/`: ends in a slash, or is empty. @default '' */
  readonly prefix?: string
  readonly dataEvents: DataSelection
  readonly limits?: Partial<JournalLimits>
  /** @default the machine's disk */
  readonly files?: JournalFiles
}

/** An audit trail in CloudTrail's form. */
export class Trail implements AuditTrail {
  readonly #parts: TrailParts
  readonly #delivery: LogDelivery
  readonly #journal: Journal
  readonly #kinds = new WeakMap<AuditedCall['operation'], EventKind>()

  private constructor(parts: TrailParts, delivery: LogDelivery, journal: Journal) {
    this.#parts = parts
    this.#delivery = delivery
    this.#journal = journal
  }

  /** Takes up what an earlier process did not bring to its place. @throws what the system says of the journal's folder */
  static async open(parts: TrailParts): Promise<Trail> {
    const { place, clock, random, logger, journal: directory, objects, bucket, prefix = '', limits } = parts
    const files = parts.files ?? nodeJournalFiles
    const delivery = new LogDelivery({ directory, files, objects, bucket, prefix, clock, logger })
    const journal = await Journal.open({
      directory,
      files,
      clock,
      logger,
      limits: { ...standardLimits, ...limits },
      nameNext: () => logFileName(place, clock.nowMs(), random),
      onClosed: (name) => delivery.deliver(name),
    })
    return new Trail(parts, delivery, journal)
  }

  concerns(_service: ServiceFace, operation: AuditedCall['operation']): boolean {
    return !this.#kindOf(operation).isData || this.#parts.dataEvents !== 'none'
  }

  record(call: AuditedCall): void {
    const kind = this.#kindOf(call.operation)
    const { place, clock, random, dataEvents, logger } = this.#parts
    if (kind.isData && !selects(dataEvents, call.resourceArns)) return
    try {
      const record = eventRecord(call, kind, { eventId: random.uuid(), place, completedAtMs: clock.nowMs() })
      this.#journal.append(JSON.stringify(record))
    } catch (error) {
      logger.log('error', 'an audit record could not be made', { operation: call.operation.name, error })
    }
  }

  /** Makes a log file of what was recorded so far. */
  rotate(): Promise<void> {
    return this.#journal.rotate()
  }

  /** Brings all that was recorded to its place; what cannot be brought waits in the journal for the next start. */
  async close(): Promise<void> {
    await this.#journal.close()
    await this.#delivery.close()
  }

  #kindOf(operation: AuditedCall['operation']): EventKind {
    let kind = this.#kinds.get(operation)
    if (!kind) {
      kind = eventKindOf(operation)
      this.#kinds.set(operation, kind)
    }
    return kind
  }
}
