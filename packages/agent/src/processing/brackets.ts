const open = Buffer.from('{')
const close = Buffer.from('}')

/** ADDBRACKETS: the record, with the end of its line if it has one, between braces. */
export const bracketsConverter = (record: Buffer): Buffer => Buffer.concat([open, record, close])
