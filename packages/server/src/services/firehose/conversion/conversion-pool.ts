import { availableParallelism } from 'node:os'
import { ConversionThread } from './conversion-thread.ts'

/** Threads that convert, over all delivery streams. */
const threadsMax = Math.max(1, Math.min(2, availableParallelism()))

/** Threads that convert records, so that the main one does not wait. They are there while a delivery stream uses them. */
export class ConversionPool {
  readonly #idle: ConversionThread[] = []
  readonly #all = new Set<ConversionThread>()
  readonly #users = new Set<object>()
  #waiters: (() => void)[] = []

  /** Gives a thread to one object, as soon as there is one. */
  async use<T>(user: object, convert: (thread: ConversionThread) => Promise<T>): Promise<T> {
    this.#users.add(user)
    const thread = await this.#take()
    try {
      return await convert(thread)
    } finally {
      if (thread.isEnded) this.#all.delete(thread)
      else this.#idle.push(thread)
      if (this.#users.size === 0) await this.#terminate()
      this.#waiters.shift()?.()
    }
  }

  /** The last who leaves ends the threads. */
  async leave(user: object): Promise<void> {
    this.#users.delete(user)
    if (this.#users.size === 0) await this.#terminate()
  }

  async #take(): Promise<ConversionThread> {
    while (this.#idle.length === 0 && this.#all.size >= threadsMax)
      await new Promise<void>((wake) => this.#waiters.push(wake))
    const idle = this.#idle.pop()
    if (idle && !idle.isEnded) return idle
    if (idle) this.#all.delete(idle)
    const thread = new ConversionThread()
    this.#all.add(thread)
    return thread
  }

  /** Those that are at work end when it is done. */
  async #terminate(): Promise<void> {
    const idle = this.#idle.splice(0)
    for (const thread of idle) this.#all.delete(thread)
    await Promise.all(idle.map((thread) => thread.terminate()))
  }
}
