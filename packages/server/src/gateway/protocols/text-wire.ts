import { isObject, serializationError, type Wire } from '../../core/shapes.ts'
import { blobFromBase64, validDate } from './json.ts'

/*
 * Values that are text, whatever they are: in a Query form and in the head of a REST request. Times are ISO 8601 or
 * seconds, numbers decimal. A form's lists and maps came as members with numbers for names (see query-form.ts):
 *
 *   Names.member.1=a&Names.member.2=b       Tags.entry.1.key=k&Tags.entry.1.value=v
 */
export const textWire: Wire = {
  blob: blobFromBase64,
  timestamp(value) {
    const text = String(value)
    const seconds = numberFromText(text)
    const ms = seconds === undefined ? Date.parse(text) : seconds * 1000
    if (Number.isNaN(ms)) throw serializationError(`'${text.slice(0, 100)}' can not be converted to a timestamp`)
    return validDate(ms)
  },
  number: numberFromText,
  list(value) {
    if (value === '') return [] // how SDKs send a list with nothing in it
    if (typeof value === 'string') return [value]
    if (!isObject(value)) return undefined
    return numbered(isObject(value.member) ? value.member : value)
  },
  entries(value) {
    if (value === '') return {}
    if (!isObject(value)) return undefined
    const pairs = numbered(isObject(value.entry) ? value.entry : value)
    if (!pairs) return undefined
    const entries: Record<string, unknown> = Object.create(null)
    for (const pair of pairs) if (isObject(pair)) entries[String(pair.key ?? pair.Key)] = pair.value ?? pair.Value
    return entries
  },
}

/** Members called 1, 2, 3, … in the order of their numbers; undefined if others are among them. */
function numbered(members: Record<string, unknown>): unknown[] | undefined {
  const names = Object.keys(members) // those that are numbers come first, and rise
  return names.every((name) => /^\d{1,9}$/.test(name)) ? names.map((name) => members[name]) : undefined
}

function numberFromText(text: string): number | undefined {
  const number = text.trim() === '' ? Number.NaN : Number(text)
  return Number.isNaN(number) ? undefined : number
}
