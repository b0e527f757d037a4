import { integer, string } from '../../core/shapes.ts'
import { invalidParameter } from './faults.ts'

/* The members that many inputs share, with AWS's constraints. */

export const qualifier = string({ min: 1, max: 128, pattern: '(|[a-zA-Z0-9$_-]+)' })
export const marker = string()
export const maxItems = integer({ min: 1, max: 10_000 })

/**
 * One page of what is in order of key. A marker is the last key of the page before, in base64.
 * @throws InvalidParameterValueException for a marker that nobody gave
 */
export function pageOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  Marker: string | undefined,
  count: number,
  countMax: number,
): { page: readonly T[]; next: string | undefined } {
  const after = Marker === undefined ? '' : Buffer.from(Marker, 'base64url').toString()
  if (Marker !== undefined && Buffer.from(after).toString('base64url') !== Marker)
    throw invalidParameter('Invalid marker value')
  const left = items.filter((item) => keyOf(item) > after)
  const page = left.slice(0, Math.min(count, countMax))
  const isMore = page.length < left.length
  return { page, next: isMore ? Buffer.from(keyOf(page.at(-1)!)).toString('base64url') : undefined }
}
