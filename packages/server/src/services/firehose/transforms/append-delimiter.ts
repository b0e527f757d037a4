import { type DeliveryRecord, derived } from '../delivery/delivery-record.ts'
import type { Transform, Transformed } from './transform.ts'
import type { TransformParts } from './transforms.ts'

/**
 * The processor AppendDelimiterToRecord: a newline behind each record, or another delimiter. AWS takes no blank parameter, so
 * that control characters are given as `\n`, `\r`, `\t`, and a backslash as `\\`.
 */
export function appendDelimiter({ parameters }: TransformParts): Transform {
  const { Delimiter = '\\n' } = parameters
  return new AppendDelimiter(Buffer.from(Delimiter.replace(/\\([nrt\\])/g, (_, name: string) => escapes[name]!)))
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\' }

class AppendDelimiter implements Transform {
  readonly #delimiter: Uint8Array

  constructor(delimiter: Uint8Array) {
    this.#delimiter = delimiter
  }

  async transform(given: readonly DeliveryRecord[]): Promise<Transformed> {
    const delimiter = this.#delimiter
    const records = given.map((record) => {
      const data = new Uint8Array(record.data.byteLength + delimiter.byteLength)
      data.set(record.data)
      data.set(delimiter, record.data.byteLength)
      return derived(record, data)
    })
    return { records, failed: [] }
  }
}
