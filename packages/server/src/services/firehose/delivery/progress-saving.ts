import type { Clock, Logger } from '@millrace/ports'
import type { Source } from '../sources/source.ts'
import type { SavedProgress } from './checkpoint-store.ts'
import type { Progress } from './progress.ts'

/** What could not be written is written again so much later. */
const retryMs = 1000

type Parts = {
  readonly clock: Clock
  readonly logger: Logger
  /** Of the delivery. */
  readonly name: string
  readonly source: Source
  readonly progress: Progress
  readonly saved: SavedProgress
  /** What cannot be written after this is left: it comes again. */
  readonly signal: AbortSignal
}

/** Writes how far everything is settled; what is settled while that is written shares the next write. */
export class ProgressSaving {
  readonly #parts: Parts
  /** Lanes whose checkpoint went on since the last write began. */
  readonly #moved = new Set<string>()
  /** Called when all that was settled before they came is written. */
  #waiting: (() => void)[] = []
  #writing: Promise<void> | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Writes where a lane goes on, if one does, and what somebody waits for. */
  advance(): void {
    for (const lane of this.#parts.progress.advance()) this.#moved.add(lane)
    if (this.#moved.size > 0 || this.#waiting.length > 0)
      this.#writing ??= this.#write().finally(() => (this.#writing = undefined))
  }

  /** Writes also what is settled beyond. Resolves when it is written, or the delivery stops and it cannot be. */
  saved(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push(resolve)
    this.advance()
    return promise
  }

  /** Resolves when nothing is written any more. */
  async end(): Promise<void> {
    while (this.#writing) await this.#writing
  }

  async #write(): Promise<void> {
    const { clock, logger, name, progress, saved, signal, source } = this.#parts
    while (this.#moved.size > 0 || this.#waiting.length > 0) {
      const moved = [...this.#moved]
      this.#moved.clear()
      const waiting = this.#waiting
      this.#waiting = []
      const { checkpoint } = progress
      try {
        await saved.save(progress, moved.length > 0)
        for (const lane of moved) await source.passed(lane, checkpoint[lane]) // only now it may forget
        for (const tell of waiting) tell()
      } catch (error) {
        logger.log('error', 'a checkpoint of a delivery stream failed', { name, error })
        if (signal.aborted) {
          for (const tell of [...waiting, ...this.#waiting]) tell()
          this.#waiting = []
          return
        }
        for (const lane of moved) this.#moved.add(lane)
        this.#waiting.unshift(...waiting)
        await clock.sleep(retryMs, signal)
      }
    }
  }
}
