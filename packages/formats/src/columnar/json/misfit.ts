/** Why a record has no place in a table: AWS's code, and a sentence as AWS's. */
export type RecordFault = { readonly code: FaultCode; readonly message: string }

export type FaultCode = 'DataFormatConversion.ParseError' | 'DataFormatConversion.MalformedData'

/** A value that does not fit its column, or a document that is none: ends the record that it came in. */
export class Misfit extends Error {
  readonly code: FaultCode

  constructor(message: string, code: FaultCode = 'DataFormatConversion.MalformedData') {
    super(message.length > messageLengthMax ? `${message.slice(0, messageLengthMax)}…` : message)
    this.code = code
  }
}

/** What is said of a record is short, however long its values are. */
const messageLengthMax = 500

/* Sentences that were seen in AWS's error output; the rest of a sentence is the deserializer's own. */

export const malformedJson = (detail: string) =>
  new Misfit(`Encountered malformed JSON. ${detail}`, 'DataFormatConversion.ParseError')

export const emptyRecord = () => new Misfit('The record was empty or contained only whitespace.')

export const primitiveRecord = () =>
  new Misfit('The input JSON contained a primitive at the top level. The top level must be an object or array.')

export const notTheSchema = (detail: string) => new Misfit(`Data does not match the schema. ${detail}`)

/** As Java says of a text that is no number, and AWS with it. */
export const badInput = (value: unknown) => notTheSchema(`For input string: "${shown(value)}"`)

export const badNumber = () => notTheSchema('A number has more digits than can be kept.')

/** The fact that AWS takes no array of documents is known [docs]; the sentence is ours. */
export const arrayRecord = () => notTheSchema('An array of JSON documents is not a valid input.')

/** Hive's deserializer does not make text of objects. */
export const nestedInText = () =>
  new Misfit('One or more fields have incorrect format. Exception when validating field (root)')

export function shown(value: unknown): string {
  const text = JSON.isRawJSON(value) ? value.rawJSON : typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > shownLengthMax ? `${text.slice(0, shownLengthMax)}…` : text
}

const shownLengthMax = 200
