/*
 * What the event endpoint takes: JSON objects that have an event which is not blank, one behind the other, with or without
 * white space between them. A record may hold several.
 *
 *   {"event":"a"}{"event":{"b":1},"time":1578090901}
 */

/** Whether a record is made of whole events. @param data none at all is fine, too */
export function areEvents(data: Uint8Array): boolean {
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString()
  for (let at = afterSpace(text, 0); at < text.length; ) {
    const end = endOfObject(text, at)
    if (end === undefined || !isEvent(text.slice(at, end))) return false
    at = afterSpace(text, end)
  }
  return true
}

export const isBlank = (data: Uint8Array) => data.every((byte) => byte <= 0x20)

function isEvent(json: string): boolean {
  try {
    const { event } = JSON.parse(json) as { event?: unknown }
    return event !== undefined && event !== null && event !== ''
  } catch {
    return false
  }
}

const afterSpace = (text: string, from: number) => {
  let at = from
  while (at < text.length && text.charCodeAt(at) <= 0x20) at++
  return at
}

/** Behind the brace that closes the object which begins here; undefined if there is none. */
function endOfObject(text: string, from: number): number | undefined {
  if (text[from] !== '{') return undefined
  let depth = 0
  let isString = false
  for (let at = from; at < text.length; at++) {
    const char = text[at]
    if (isString) {
      if (char === '\\') at++
      else if (char === '"') isString = false
    } else if (char === '"') isString = true
    else if (char === '{') depth++
    else if (char === '}' && --depth === 0) return at + 1
  }
}
