import { invalidInput } from './faults.ts'

/** AWS's largest page. */
const pageSizeMax = 100

export type Page<T> = { readonly items: T[]; readonly next: string | undefined }

/** So many items from where the token says; a token says how many were before. @throws InvalidInputException */
export function pageOf<T>(items: readonly T[], token: string | undefined, size: number = pageSizeMax): Page<T> {
  const from = token ? positionOf(token) : 0
  const page = items.slice(from, from + size)
  return { items: page, next: from + size < items.length ? tokenOf(from + size) : undefined }
}

const tokenOf = (position: number) => Buffer.from(`after:${position}`).toString('base64')

function positionOf(token: string): number {
  const found = /^after:(\d{1,9})$/.exec(Buffer.from(token, 'base64').toString('latin1'))
  if (!found) throw invalidInput('Invalid token.')
  return Number(found[1])
}
