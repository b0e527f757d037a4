import { hasRows, type Label, Rows } from './rows.ts'

/** An answer's members, those that write themselves as arrays of objects. */
export function withObjects(output: unknown): unknown {
  if (!hasRows(output)) return output
  return Object.fromEntries(
    Object.entries(output).map(([name, value]) => [name, value instanceof Rows ? objectsOf(value) : value]),
  )
}

/** The rows of a list as objects. */
function objectsOf(rows: Rows): Record<string, unknown>[] {
  const objects: Record<string, unknown>[] = []
  /** Rows of texts alone, which stand behind each other. */
  const kept = new Map<Uint8Array, Record<string, string>>()
  const set = (label: Label, value: unknown) => {
    objects.at(-1)![label.name] = value
  }
  const text = (bytes: Uint8Array, start: number, end: number) => Buffer.from(bytes.subarray(start, end)).toString()
  rows.writeTo({
    label: (name) => ({ name }),
    row: () => void objects.push({}),
    plainText: (label, bytes, start, end) => {
      const at = Object.values(objects.at(-1)!).join('').length
      set(label, text(bytes, start, end))
      return at
    },
    text: (label, bytes, start, end) => set(label, text(bytes, start, end)),
    blob: (label, bytes, start, end) => set(label, bytes.slice(start, end)),
    timestamp: (label, epochMs) => set(label, new Date(epochMs)),
    keepRow: () => {
      const texts = objects.at(-1)!
      const row = Buffer.from(Object.values(texts).join(''))
      kept.set(row, texts as Record<string, string>)
      return row
    },
    rowAgain: (row) => {
      objects.push({})
      let at = 0
      for (const [name, { length }] of Object.entries(kept.get(row)!)) {
        set({ name }, text(row, at, at + length))
        at += length
      }
    },
  })
  return objects
}
