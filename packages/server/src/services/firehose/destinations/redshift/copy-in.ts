/*
 * COPY … FROM STDIN in the words of PostgreSQL's protocol (chapter "Message Flow", COPY Operations):
 *
 *   → Query   ← CopyInResponse   → CopyData …   → CopyDone   ← CommandComplete   ← ReadyForQuery
 *
 * The server may break in with an ErrorResponse at any time, and throws away what comes after it.
 */

/** As much of a connection of the package pg as a query of one's own is given. */
type PgConnection = {
  readonly stream: {
    readonly writableNeedDrain: boolean
    once(event: 'drain' | 'close', listener: () => void): void
    off(event: 'drain' | 'close', listener: () => void): void
  }
  query(text: string): void
  sendCopyFromChunk(chunk: Uint8Array): void
  endCopyFrom(): void
}

/** A query for a client of pg: sends chunks as fast as the server takes them. */
export class CopyIn {
  readonly #text: string
  readonly #chunks: Iterable<Uint8Array>
  readonly #done = Promise.withResolvers<void>()
  #isOver = false

  constructor(text: string, chunks: Iterable<Uint8Array>) {
    this.#text = text
    this.#chunks = chunks
  }

  /** Settles when the server has said what became of it. */
  get done(): Promise<void> {
    return this.#done.promise
  }

  submit(connection: PgConnection): null {
    connection.query(this.#text)
    return null
  }

  handleCopyInResponse(connection: PgConnection): void {
    void this.#send(connection)
  }

  handleError(error: Error): void {
    this.#isOver = true
    this.#done.reject(error)
  }

  handleCommandComplete(): void {
    this.#isOver = true
  }

  handleReadyForQuery(): void {
    this.#done.resolve()
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}

  async #send(connection: PgConnection): Promise<void> {
    const { stream } = connection
    for (const chunk of this.#chunks) {
      if (this.#isOver) return
      connection.sendCopyFromChunk(chunk)
      if (!stream.writableNeedDrain) continue
      await new Promise<void>((resolve) => {
        const goOn = () => {
          stream.off('drain', goOn)
          stream.off('close', goOn)
          resolve()
        }
        stream.once('drain', goOn)
        stream.once('close', goOn)
      })
    }
    if (!this.#isOver) connection.endCopyFrom()
  }
}
