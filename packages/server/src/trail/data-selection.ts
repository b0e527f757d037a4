/** Which data events are recorded: none, all, or those of resources whose ARN begins with one of these. */
export type DataSelection = 'none' | 'all' | readonly string[]

const prefixesMax = 250

/** `none`, `all`, or beginnings of ARNs with commas between them. @throws Error with what it must be */
export function dataSelectionFrom(text: string): DataSelection {
  if (text === 'none' || text === 'all') return text
  const prefixes = text.split(',').map((prefix) => prefix.trim())
  if (prefixes.length > prefixesMax || !prefixes.every((prefix) => prefix.startsWith('arn:')))
    throw new Error(`none, all, or up to ${prefixesMax} beginnings of ARNs with commas between them`)
  return prefixes
}

export const selects = (selection: DataSelection, resourceArns: readonly string[]): boolean =>
  selection === 'all' ||
  (selection !== 'none' && resourceArns.some((arn) => selection.some((prefix) => arn.startsWith(prefix))))
