import type { StreamsContext } from './context.ts'
import { expiredNextToken, invalidNextToken } from './faults.ts'

/** How long a NextToken can be used. */
export const pageTokenLifeMs = 300_000

type Parts = Pick<StreamsContext, 'clock' | 'tokens'>

/** A NextToken that holds the last name of its page. `kind` keeps one list's token from another. */
export const sealPageToken = ({ clock, tokens }: Parts, kind: string, lastName: string): string =>
  tokens.seal(kind, { lastName, madeAtMs: clock.nowMs() })

/** The name after which the page begins. @throws InvalidArgumentException, ExpiredNextTokenException */
export function openPageToken({ clock, tokens }: Parts, kind: string, token: string): string {
  const content = tokens.open(kind, token) as { lastName: string; madeAtMs: number } | undefined
  if (!content) throw invalidNextToken()
  if (clock.nowMs() - content.madeAtMs > pageTokenLifeMs) throw expiredNextToken()
  return content.lastName
}
