/*
 * Lists in answers that may be long: the records of a GetRecords, the results of a PutRecords. A list of them is no array
 * of objects, but something that writes its rows, member by member, to whichever protocol asks.
 */

/** A member's name; a protocol keeps with it how it is written. */
export type Label = { readonly name: string }

/** What a protocol offers to a list: each call writes one member, of bytes that lie wherever they lie. */
export interface RowWriter {
  label(name: string): Label
  /** Begins the next row, of so many members. */
  row(memberCount: number): void
  /**
   * Text of letters and digits, with nothing in it that any format would have to escape. Returns where it stands in the
   * bytes of its row.
   */
  plainText(label: Label, bytes: Uint8Array, start: number, end: number): number
  /** Any text, as UTF-8. */
  text(label: Label, bytes: Uint8Array, start: number, end: number): void
  blob(label: Label, bytes: Uint8Array, start: number, end: number): void
  timestamp(label: Label, epochMs: number): void
  /** The bytes of the row that was written last: a plain text in them may be changed into another that is as long. */
  keepRow(): Uint8Array
  /** Writes a row that was kept, as it is now. */
  rowAgain(row: Uint8Array): void
}

/** A list in an answer: `count` rows. */
export abstract class Rows {
  abstract readonly count: number
  /** About how many bytes its texts and blobs have: a protocol makes room for them at once. */
  readonly valueBytes: number = 0
  /** Writes `count` rows; it may be asked more than once. */
  abstract writeTo(writer: RowWriter): void
}

/** An answer that holds such a list: how a protocol knows that it must write it itself. */
export const hasRows = (output: unknown): output is Readonly<Record<string, unknown>> => {
  if (typeof output !== 'object' || output === null) return false
  for (const name in output) if ((output as Record<string, unknown>)[name] instanceof Rows) return true
  return false
}
