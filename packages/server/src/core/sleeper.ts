import type { Service, ServiceFace, SleepingService } from './operation.ts'

/** Opens a service at the first call, once; and stops it, if anyone ever woke it. */
export class Sleeper<Opened extends Service & { stop(): Promise<void> }> {
  readonly #open: () => Promise<Opened>
  #opened: Promise<Opened> | undefined
  /** What the gateway gets. */
  readonly service: SleepingService

  constructor(face: ServiceFace, open: () => Promise<Opened>) {
    this.#open = open
    this.service = { ...face, wake: () => this.wake() }
  }

  /** The service. A failure to open it is the caller's answer, and the next call tries again. */
  wake(): Promise<Opened> {
    this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = undefined
      throw error
    })
    return this.#opened
  }

  async stop(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined)
    await opened?.stop()
  }
}
