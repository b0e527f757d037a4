import type { Clock, Logger, Random } from '@millrace/ports'
import type { ResourceGuard } from '../core/access.ts'
import type { Place } from '../core/arn.ts'
import { watchFiles } from '../core/file-watch.ts'
import type { SecretBox } from '../core/ports/keys.ts'
import type { RoleAccess } from '../core/role-access.ts'
import type { Catalog } from '../storage/catalog.ts'
import type { Credential, Credentials } from './credentials.ts'
import { type Identities, identitiesOf } from './identities.ts'
import type { IdentityDocument } from './identity-document.ts'
import type { IdentityPlace } from './identity-place.ts'
import { IdentityError } from './identity-reader.ts'
import { RoleDecisions } from './role-decisions.ts'
import { SessionCredentials } from './session-credentials.ts'
import { SessionTokens } from './session-token.ts'
import { Sessions } from './sessions.ts'

export type IdentityParts = {
  readonly place: Place
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly catalog: Catalog
  /** Seals the key of session tokens. */
  readonly secrets: SecretBox
}

/** Who may sign, and as whom: by the identity document as it is now, and by the tokens of sessions. */
export class IdentityStore implements Credentials {
  readonly #place: Place
  readonly #logger: Logger
  readonly #ofSessions: SessionCredentials
  readonly sessions: Sessions
  #identities: Identities
  #stopWatching = () => {}

  private constructor(identities: Identities, tokens: SessionTokens, parts: IdentityParts) {
    const { place, clock, random, logger } = parts
    this.#place = place
    this.#logger = logger
    this.#identities = identities
    this.#ofSessions = new SessionCredentials(tokens, identities, clock, place.region)
    this.sessions = new Sessions({ place, clock, random, tokens, identities: () => this.#identities })
    if (identities.keys.size === 0)
      logger.log('warn', 'identity has no access key that is active: every request will be refused')
  }

  /**
   * @param identity where the document is, which is followed from then on, or the document
   * @throws IdentityError in one line, that names the place
   */
  static async open(identity: IdentityPlace | IdentityDocument, parts: IdentityParts): Promise<IdentityStore> {
    const opened = async (identities: Identities) =>
      new IdentityStore(identities, await SessionTokens.open(parts.catalog, parts.secrets, parts.random), parts)
    if (!('read' in identity)) return opened(identitiesOf(identity, parts.place))
    let store: IdentityStore | undefined
    const stopWatching = watchFiles([identity.path], parts.clock, () =>
      store ? store.#readAgain(identity) : undefined,
    )
    try {
      store = await opened(await identitiesIn(identity, parts.place))
    } catch (error) {
      stopWatching()
      throw error
    }
    store.#stopWatching = stopWatching
    return store
  }

  find(accessKeyId: string, sessionToken: string | undefined): Credential | undefined {
    if (sessionToken === undefined) return this.#identities.keys.get(accessKeyId)
    return this.#ofSessions.find(accessKeyId, sessionToken)
  }

  /** For those inside the server who act by a role. `guard` knows the resources that they use. */
  roleAccess(clock: Clock, guard: () => ResourceGuard): RoleAccess {
    return new RoleDecisions({ place: this.#place, clock, guard, identities: () => this.#identities })
  }

  stop(): void {
    this.#stopWatching()
  }

  /** What cannot be taken changes nothing, and is said loudly. */
  async #readAgain(kept: IdentityPlace): Promise<void> {
    try {
      this.#identities = await identitiesIn(kept, this.#place)
      this.#ofSessions.use(this.#identities)
      this.#logger.log('info', 'identity has changed, and is in force', { in: kept.name })
    } catch (error) {
      const reason = (error as Error).message.split('\n')[0]
      this.#logger.log('error', 'identity cannot be read as it is now: what was there before stays in force', {
        in: kept.name,
        reason,
      })
    }
  }
}

async function identitiesIn(kept: IdentityPlace, place: Place): Promise<Identities> {
  const { content } = await kept.read()
  try {
    return identitiesOf(content, place)
  } catch (error) {
    throw error instanceof IdentityError ? new IdentityError(`${kept.name}: ${error.message}`) : error
  }
}
