/*
 * Indexes that are changed for a new one as time goes by [docs, "index rotation"]. A record that arrived at
 * 2016-02-25T13:00:00Z goes, for the index `myindex`, to
 *
 *   NoRotation  myindex
 *   OneHour     myindex-2016-02-25-13
 *   OneDay      myindex-2016-02-25
 *   OneWeek     myindex-2016-w09
 *   OneMonth    myindex-2016-02
 *
 * Weeks are American: they begin on Sundays, and the first of a year is the one with its first Saturday. (The guide's own
 * example of that day says w08, which is the number of ISO 8601, and against the rule below it.)
 */

export type IndexRotationPeriod = 'NoRotation' | 'OneHour' | 'OneDay' | 'OneWeek' | 'OneMonth'

/** Where a record that arrived then is indexed. */
export function indexNameAt(index: string, rotation: IndexRotationPeriod, arrivalMs: number): string {
  const at = new Date(arrivalMs).toISOString()
  switch (rotation) {
    case 'NoRotation':
      return index
    case 'OneHour':
      return `${index}-${at.slice(0, 13).replace('T', '-')}`
    case 'OneDay':
      return `${index}-${at.slice(0, 10)}`
    case 'OneWeek':
      return `${index}-${weekAt(arrivalMs)}`
    case 'OneMonth':
      return `${index}-${at.slice(0, 7)}`
  }
}

const dayMs = 24 * 3_600_000

/** A week belongs to the year of its Saturday, and has that Saturday's number. */
function weekAt(atMs: number): string {
  const saturday = new Date(atMs + (6 - new Date(atMs).getUTCDay()) * dayMs)
  const year = saturday.getUTCFullYear()
  const dayOfYear = (Date.UTC(year, saturday.getUTCMonth(), saturday.getUTCDate()) - Date.UTC(year, 0, 1)) / dayMs
  const week = Math.floor(dayOfYear / 7) + 1
  return `${year}-w${`${week}`.padStart(2, '0')}`
}
