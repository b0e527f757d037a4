/** A whole or decimal number as text, e.g. `-2.5` or `1e3`; undefined for all else, also for what only JavaScript reads. */
export function parseNumber(text: string): number | undefined {
  if (text === '' || text.length > 64) return undefined
  for (let i = 0; i < text.length; i++) if (!'0123456789+-.eE'.includes(text[i]!)) return undefined
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}
