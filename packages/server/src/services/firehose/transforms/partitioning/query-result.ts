import { valuesMissing } from './extraction-failure.ts'

/** A record's partition keys, or why there are none. */
export type QueryResult = { readonly keys: Readonly<Record<string, string>> } | { readonly fault: string }

/** The partition keys in the object that a query made of a record. */
export function keysIn(made: Readonly<Record<string, unknown>>): QueryResult {
  const keys: Record<string, string> = {}
  for (const [name, value] of Object.entries(made)) {
    if (value === null || value === '') return { fault: valuesMissing }
    if (typeof value === 'object') return { fault: `The partition key ${name} must be a text, a number or a boolean` }
    keys[name] = String(typeof value === 'number' ? withEnd(value) : value)
  }
  return { keys }
}

/** AWS's jq, 1.6, reads what is beyond all doubles as the largest of them; JSON.parse and jq 1.8 make it endless. */
const withEnd = (value: number) => Math.max(-Number.MAX_VALUE, Math.min(value, Number.MAX_VALUE))
