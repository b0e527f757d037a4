import type { Clock, Logger, Random } from '@millrace/ports'
import type { Place } from '../core/arn.ts'
import type { Catalog } from '../storage/catalog.ts'
import type { Credential, Credentials } from './credentials.ts'
import { FollowedFile } from './followed-file.ts'
import { type Identities, identitiesOf } from './identities.ts'
import type { IdentityDocument } from './identity-document.ts'
import { readIdentityFile } from './identity-file.ts'
import { IdentityError } from './identity-reader.ts'
import { SessionCredentials } from './session-credentials.ts'
import { SessionTokens } from './session-token.ts'
import { Sessions } from './sessions.ts'

export type IdentityParts = {
  readonly place: Place
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly catalog: Catalog
}

/** Who may sign, and as whom: by the identity file as it is now, and by the tokens of sessions. */
export class IdentityStore implements Credentials {
  readonly #place: Place
  readonly #ofSessions: SessionCredentials
  readonly sessions: Sessions
  #identities: Identities
  #file: FollowedFile | undefined

  private constructor(identities: Identities, tokens: SessionTokens, { place, clock, random }: IdentityParts) {
    this.#place = place
    this.#identities = identities
    this.#ofSessions = new SessionCredentials(tokens, identities, clock, place.region)
    this.sessions = new Sessions({ place, clock, random, tokens, identities: () => this.#identities })
  }

  /**
   * @param identity the path of the file, which is followed from then on, or what would stand in it
   * @throws IdentityError in one line, that names the place
   */
  static async open(identity: string | IdentityDocument, parts: IdentityParts): Promise<IdentityStore> {
    const read = typeof identity === 'string' ? await readIdentityFile(identity) : undefined
    const identities = read
      ? inFile(identity as string, read.content, parts.place)
      : identitiesOf(identity, parts.place)
    const store = new IdentityStore(identities, await SessionTokens.open(parts.catalog, parts.random), parts)
    if (read) store.#file = new FollowedFile(identity as string, read, (content) => store.#take(content), parts)
    if (identities.keys.size === 0)
      parts.logger.log('warn', 'the identity file has no access key that is active: every request will be refused')
    return store
  }

  find(accessKeyId: string, sessionToken: string | undefined): Credential | undefined {
    if (sessionToken === undefined) return this.#identities.keys.get(accessKeyId)
    return this.#ofSessions.find(accessKeyId, sessionToken)
  }

  async stop(): Promise<void> {
    await this.#file?.stop()
  }

  #take(content: unknown): void {
    this.#identities = identitiesOf(content, this.#place)
    this.#ofSessions.use(this.#identities)
  }
}

function inFile(path: string, content: unknown, place: Place): Identities {
  try {
    return identitiesOf(content, place)
  } catch (error) {
    if (error instanceof IdentityError) throw new IdentityError(`${path}: ${error.message}`)
    throw error
  }
}
