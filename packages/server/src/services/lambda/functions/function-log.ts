import { StringDecoder } from 'node:string_decoder'
import type { Logger } from '@millrace/ports'
import { logTailBytesMax } from '../limits.ts'

/** A longer line is cut into several. */
const lineLengthMax = 16 * 1024

/** What one invocation may write to the log, in characters; the rest is only counted. */
const invocationLengthMax = 1024 * 1024

/**
 * What a function writes, line by line, with the invocation that it belongs to. Output between invocations belongs to
 * the one before.
 */
export class FunctionLog {
  readonly #logger: Logger
  readonly #functionName: string
  readonly #partial = { stdout: '', stderr: '' }
  readonly #decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') }
  #requestId: string | undefined
  #tail = ''
  #length = 0

  constructor(logger: Logger, functionName: string) {
    this.#logger = logger
    this.#functionName = functionName
  }

  begin(requestId: string): void {
    this.#requestId = requestId
    this.#length = 0
    this.#tail = ''
    this.#add(`START RequestId: ${requestId} Version: $LATEST\n`)
  }

  take(stream: 'stdout' | 'stderr', bytes: Buffer): void {
    const text = this.#decoders[stream].write(bytes)
    this.#add(text)
    const lines = (this.#partial[stream] + text).split('\n')
    this.#partial[stream] = lines.pop()!
    for (const line of lines) this.#tell(stream, line)
    if (this.#partial[stream].length > lineLengthMax) this.#flush(stream)
  }

  /** The invocation is over. Returns the end of its log, with the lines that AWS writes around it. */
  end(durationMs: number, memoryMiB: number): string {
    this.#flush('stdout')
    this.#flush('stderr')
    if (this.#length > invocationLengthMax)
      this.#logger.log('warn', 'a function wrote more than fits into the log', {
        function: this.#functionName,
        requestId: this.#requestId,
        characters: this.#length,
      })
    const id = this.#requestId
    const billedMs = Math.ceil(durationMs)
    if (this.#tail !== '' && !this.#tail.endsWith('\n')) this.#add('\n')
    this.#add(
      `END RequestId: ${id}\nREPORT RequestId: ${id}\tDuration: ${durationMs.toFixed(2)} ms\t` +
        `Billed Duration: ${billedMs} ms\tMemory Size: ${memoryMiB} MB\t\n`,
    )
    return this.#tail
  }

  /** Does what was written last hold this? */
  endsWith(text: string): boolean {
    return this.#tail.includes(text)
  }

  #add(text: string): void {
    this.#tail = (this.#tail + text).slice(-logTailBytesMax)
  }

  #flush(stream: 'stdout' | 'stderr'): void {
    if (this.#partial[stream] !== '') this.#tell(stream, this.#partial[stream])
    this.#partial[stream] = ''
  }

  #tell(stream: 'stdout' | 'stderr', line: string): void {
    this.#length += line.length
    if (this.#length > invocationLengthMax) return
    const facts = { function: this.#functionName, requestId: this.#requestId }
    for (let at = 0; at === 0 || at < line.length; at += lineLengthMax)
      this.#logger.log(stream === 'stdout' ? 'info' : 'warn', line.slice(at, at + lineLengthMax), facts)
  }
}
