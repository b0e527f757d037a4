/* What Firehose gives a function that transforms records, and what the function answers [AWS's guide, data transformation]. */

export type FirehoseRecord = { readonly recordId: string; readonly data: string }
export type FirehoseEvent = { readonly records: readonly FirehoseRecord[] }

export type FirehoseResult =
  | { readonly recordId: string; readonly result: 'Ok'; readonly data: string }
  | { readonly recordId: string; readonly result: 'Dropped' | 'ProcessingFailed' }

export type FirehoseAnswer = { readonly records: readonly FirehoseResult[] }
export type FirehoseHandler = (event: FirehoseEvent) => Promise<FirehoseAnswer>

/** Lambda takes no larger answer, in bytes; a little of it is left for what stands around the data. */
const answerBytesMax = 6 * 1024 * 1024 - 1024
const resultBytes = 120

/**
 * A handler that makes a text of each record: `undefined` where that cannot be, `dropped` where nothing shall come of it.
 * What would make the answer too large fails as well: it is kept in the error output as it came.
 */
export function eachRecord(made: (data: Buffer) => string | undefined | typeof dropped): FirehoseHandler {
  return async ({ records }) => {
    let sizeBytes = 0
    const results = records.map(({ recordId, data }): FirehoseResult => {
      const text = made(Buffer.from(data, 'base64'))
      sizeBytes += resultBytes + recordId.length
      if (text === dropped) return { recordId, result: 'Dropped' }
      const encoded = text === undefined ? undefined : Buffer.from(text).toString('base64')
      if (encoded === undefined || sizeBytes + encoded.length > answerBytesMax)
        return { recordId, result: 'ProcessingFailed' }
      sizeBytes += encoded.length
      return { recordId, result: 'Ok', data: encoded }
    })
    return { records: results }
  }
}

export const dropped = Symbol('dropped')

/** The line that a record is, without its end; undefined if it is none or several. */
export function lineOf(data: Buffer): string | undefined {
  const text = data.toString().replace(/\r?\n$/, '')
  return text === '' || /[\r\n]/.test(text) ? undefined : text
}

/** A line of CSV (RFC 4180): what needs quotes has them. */
export const csvLine = (fields: readonly (string | undefined)[]): string =>
  `${fields.map((field = '') => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',')}\n`
