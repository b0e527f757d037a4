import type { MillraceOptions } from 'millrace'
import { authenticationOptions } from './keys.ts'

/*
 * What the cases are put to. TARGET in the environment says it: nothing for a Millrace in this process, a URL for any
 * server that speaks Kinesis, or `aws` for the real service with the standard credentials.
 */

export type TargetKind = 'local' | 'url' | 'aws'

export type Target = {
  readonly url: string
  readonly kind: TargetKind
  readonly region: string
  /** How long to wait between two looks at a state, in milliseconds. */
  readonly pollMs: number
  stop(): Promise<void>
}

const asked = process.env.TARGET ?? ''

export const targetKind: TargetKind = asked === '' ? 'local' : asked === 'aws' ? 'aws' : 'url'

/** A reason to skip a case that asks for a server with options or another clock; undefined where it can be had. */
export const onlyLocal = targetKind === 'local' ? undefined : 'needs a server started with options of its own'

/** A reason to skip a case that would cost money or change the account; undefined elsewhere. */
export const notOnAws =
  targetKind === 'aws' ? 'would cost money, or change the account, on the real service' : undefined

/** A reason to skip a case about what Millrace does not do yet; undefined where Millrace, or its like, answers. */
export const onlyMillrace =
  targetKind === 'aws' ? 'AWS does this; Millrace says honestly that it does not yet' : undefined

const quick: MillraceOptions = { port: 0, limits: 'off', transitionMs: 5, ...authenticationOptions }

/** Opens what TARGET names; `options` concern a local server only. */
export async function openTarget(options: MillraceOptions = {}): Promise<Target> {
  const region = process.env.AWS_REGION ?? 'us-east-1'
  if (targetKind === 'aws')
    return { url: `https://kinesis.${region}.amazonaws.com`, kind: 'aws', region, pollMs: 1000, stop: async () => {} }
  if (targetKind === 'url') return { url: asked, kind: 'url', region, pollMs: 20, stop: async () => {} }
  const { startMillrace } = await import('millrace')
  const server = await startMillrace({ ...quick, ...options })
  return { url: server.url, kind: 'local', region: 'us-east-1', pollMs: 3, stop: () => server.stop() }
}
