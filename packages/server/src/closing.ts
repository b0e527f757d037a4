/** What was opened, to be closed in the opposite order: at the end, or because something later does not open. */
export class Closing {
  readonly #steps: (() => unknown)[] = []
  #closed: Promise<void> | undefined

  add(close: () => unknown): void {
    this.#steps.push(close)
  }

  /** Closes one after the other, once. What fails keeps nothing else open. @throws the first failure */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    const failures: unknown[] = []
    for (const step of this.#steps.toReversed()) {
      try {
        await step()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}
