/**
 * The first name that an object of a JSON text has twice; undefined if none does. JSON.parse keeps the last of them, and a
 * condition that somebody wrote would be gone without a word.
 * @param text JSON that JSON.parse takes
 */
export function duplicateKeyIn(text: string): string | undefined {
  // The names of each object around the place; null for a list.
  const around: (Set<string> | null)[] = []
  let isName = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!
    if (character === '{') {
      around.push(new Set())
      isName = true
    } else if (character === '[') {
      around.push(null)
      isName = false
    } else if (character === '}' || character === ']') {
      around.pop()
      isName = false
    } else if (character === ',') isName = around.at(-1) !== null
    else if (character === '"') {
      const end = endOfString(text, at)
      if (isName) {
        const name = JSON.parse(text.slice(at, end + 1)) as string
        const names = around.at(-1)!
        if (names.has(name)) return name
        names.add(name)
        isName = false
      }
      at = end
    }
  }
  return undefined
}

function endOfString(text: string, opening: number): number {
  let at = opening + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at
}
