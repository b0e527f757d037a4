/**
 * The keys of the object that a jq query makes, where it is written as one: `{a: .b, "c": .d, e}`. Undefined where that is
 * not so, or where a key is computed: what comes out is then known only when the query runs.
 */
export function queryKeys(query: string): readonly string[] | undefined {
  const text = query.trim()
  if (!text.startsWith('{') || closingOf(text, 0) !== text.length - 1) return undefined
  const keys: string[] = []
  for (const member of membersOf(text.slice(1, -1))) {
    const key = /^\s*(?:"((?:[^"\\(]|\\[^(])*)"|([A-Za-z_][\w-]*))\s*(?::|$)/.exec(member)
    if (!key) return undefined
    keys.push(key[1] ?? key[2]!)
  }
  return keys
}

/** Parts between the commas that are in no bracket and no text. */
function membersOf(text: string): string[] {
  const members: string[] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const end = closingOf(text, at)
    if (end === undefined) return [text] // not closed: no key is found in it
    at = end
    if (text[at] === ',') {
      members.push(text.slice(start, at))
      start = at + 1
    }
  }
  const last = text.slice(start)
  return last.trim() === '' ? members : [...members, last]
}

const closing: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' }

/** Where what begins at a place ends: the place itself for what is no bracket and no text. */
function closingOf(text: string, start: number): number | undefined {
  const first = text[start]!
  if (first === '"') return textEnd(text, start)
  const wanted = closing[first]
  if (wanted === undefined) return start
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === wanted) return at
    const end = closingOf(text, at)
    if (end === undefined) return undefined
    at = end
  }
  return undefined
}

function textEnd(text: string, start: number): number | undefined {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at
  }
  return undefined
}
