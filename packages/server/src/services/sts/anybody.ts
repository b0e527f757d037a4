import { createHash } from 'node:crypto'
import type { Clock, Random } from '@millrace/ports'
import { globalArn, type Place, parseArn } from '../../core/arn.ts'
import { AwsError } from '../../core/aws-error.ts'
import type { Caller } from '../../core/caller.ts'
import type { AssumedRole, AssumeRoleRequest, TemporaryCredentials, TemporaryKeys } from '../../core/temporary-keys.ts'

/** Sessions that GetCallerIdentity still knows. Above it the oldest is forgotten. */
const knownSessionsMax = 1000

type Parts = { readonly place: Place; readonly clock: Clock; readonly random: Random }

/**
 * STS where nobody is told apart, as without an identity file: every caller is the account itself, and may assume any role,
 * whether there is one or not. Nothing is proved by the keys that it gives.
 */
export class AnybodysCredentials implements TemporaryCredentials {
  readonly #parts: Parts
  /** Access key id → who GetCallerIdentity says it is. */
  readonly #sessions = new Map<string, { readonly arn: string; readonly id: string; readonly accountId: string }>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  assumeRole(_caller: Caller, { roleArn, sessionName, durationS, sourceIdentity }: AssumeRoleRequest): AssumedRole {
    const role = parseArn(roleArn)
    if (role?.service !== 'iam' || !role.resource.startsWith('role/'))
      throw new AwsError('ValidationError', `${roleArn} is invalid`)
    const { accountId, resource } = role
    const name = resource.slice(resource.lastIndexOf('/') + 1)
    const arn = globalArn({ ...this.#parts.place, accountId }, 'sts', `assumed-role/${name}/${sessionName}`)
    const id = `AROA${createHash('sha256').update(roleArn).digest('hex').toUpperCase().slice(0, 17)}:${sessionName}`
    const keys = this.#keys(durationS)
    for (const oldest of this.#sessions.keys()) {
      if (this.#sessions.size < knownSessionsMax) break
      this.#sessions.delete(oldest)
    }
    this.#sessions.set(keys.accessKeyId, { arn, id, accountId })
    return { keys, arn, id, sourceIdentity, packedPercent: undefined }
  }

  sessionToken(_caller: Caller, durationS: number): TemporaryKeys {
    return this.#keys(durationS)
  }

  identityOf({ accountId, accessKeyId }: Caller) {
    const root = { arn: globalArn({ ...this.#parts.place, accountId }, 'iam', 'root'), id: accountId, accountId }
    return this.#sessions.get(accessKeyId) ?? root
  }

  accountOf(): string {
    return this.#parts.place.accountId
  }

  role() {
    return undefined
  }

  #keys(durationS: number): TemporaryKeys {
    const { clock, random } = this.#parts
    const text = (bytes: number) => Buffer.from(random.bytes(bytes))
    return {
      accessKeyId: `ASIA${text(8).toString('hex').toUpperCase()}`,
      secret: text(30).toString('base64'),
      sessionToken: text(90).toString('base64'),
      expiresAtMs: (Math.floor(clock.nowMs() / 1000) + durationS) * 1000,
    }
  }
}
