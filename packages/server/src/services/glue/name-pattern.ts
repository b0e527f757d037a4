/*
 * The patterns of GetTables. AWS takes regular expressions; those that people write are names with `*` or `.*` in them, and
 * `|` between. Only these mean something here, so that no pattern can take long.
 */
export function matchesPattern(name: string, pattern: string): boolean {
  return pattern
    .toLowerCase()
    .split('|')
    .some((each) => matchesOne(name, each.replaceAll('.*', '*').split('*')))
}

/** The pieces between stars, one behind the other. */
function matchesOne(name: string, pieces: readonly string[]): boolean {
  const first = pieces[0]!
  const last = pieces.at(-1)!
  if (pieces.length === 1) return name === first
  if (!name.startsWith(first)) return false
  let at = first.length
  for (const piece of pieces.slice(1, -1)) {
    const found = name.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return name.length - last.length >= at && name.endsWith(last)
}
