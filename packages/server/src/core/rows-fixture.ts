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
  const set = (label: Label, value: unknown) => {
    objects.at(-1)![label.name] = value
  }
  const text = (bytes: Uint8Array, start: number, end: number) => Buffer.from(bytes.subarray(start, end)).toString()
  rows.writeTo({
    label: (name) => ({ name }),
    row: () => void objects.push({}),
    plainText: (label, bytes, start, end) => set(label, text(bytes, start, end)),
    text: (label, bytes, start, end) => set(label, text(bytes, start, end)),
    blob: (label, bytes, start, end) => set(label, bytes.slice(start, end)),
    timestamp: (label, epochMs) => set(label, new Date(epochMs)),
  })
  return objects
}
