/** First in, first out, where a shift costs nothing however long the queue is. */
export class Fifo<T> {
  #items: T[] = []
  /** Items before it were taken. */
  #start = 0

  get length(): number {
    return this.#items.length - this.#start
  }

  first(): T | undefined {
    return this.#items[this.#start]
  }

  push(item: T): void {
    this.#items.push(item)
  }

  /** Puts an item before all others. */
  unshift(item: T): void {
    if (this.#start === 0) this.#items.unshift(item)
    else this.#items[--this.#start] = item
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined
    const item = this.#items[this.#start]
    this.#items[this.#start++] = undefined as T
    if (this.#start >= 1024 && 2 * this.#start >= this.#items.length) {
      this.#items = this.#items.slice(this.#start)
      this.#start = 0
    }
    return item
  }

  /** Takes all out. */
  drain(): T[] {
    const items = this.#items.slice(this.#start)
    this.#items = []
    this.#start = 0
    return items
  }

  *[Symbol.iterator](): Generator<T> {
    for (let at = this.#start; at < this.#items.length; at++) yield this.#items[at]!
  }
}
