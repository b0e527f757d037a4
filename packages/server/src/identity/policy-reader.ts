import { compilePolicy } from '../policies/compile-policy.ts'
import { MalformedPolicy } from '../policies/malformed-policy.ts'
import type { Policy, PolicyKind } from '../policies/policy.ts'
import type { NamedPolicy, PolicyDocument, PolicyEntry } from './identity-document.ts'
import { wrong } from './identity-reader.ts'

/** Makes policies ready, each of those with a name once for each kind of use. */
export class PolicyReader {
  readonly #named: ReadonlyMap<string, PolicyDocument>
  readonly #ready = new Map<string, Policy>()

  /** @throws IdentityError, also for a policy that nobody uses */
  constructor(named: readonly NamedPolicy[]) {
    const all = new Map<string, PolicyDocument>()
    for (const [i, { name, document }] of named.entries()) {
      if (all.has(name)) throw wrong(`policies[${i}].name`, `"${name}" occurs twice`)
      all.set(name, document)
      readDocument(document, 'identity-based policy', name, `policies[${i}].document`)
    }
    this.#named = all
  }

  readAll(entries: readonly PolicyEntry[], kind: PolicyKind, place: string): Policy[] {
    return entries.map((entry, i) => this.read(entry, kind, `${place}[${i}]`))
  }

  read(entry: PolicyEntry, kind: PolicyKind, place: string): Policy {
    if (typeof entry === 'string') return this.#find(entry, kind, place)
    if ('document' in entry) return readDocument(entry.document, kind, entry.name, `${place}.document`)
    return readDocument(entry, kind, undefined, place)
  }

  #find(name: string, kind: PolicyKind, place: string): Policy {
    const known = this.#ready.get(`${kind} ${name}`)
    if (known) return known
    const document = this.#named.get(name)
    if (!document) throw wrong(place, `there is no policy "${name}" under "policies"`)
    const policy = readDocument(document, kind, name, place)
    this.#ready.set(`${kind} ${name}`, policy)
    return policy
  }
}

/** The sentence is IAM's own; the place is where in the file, as far as it is known. */
function readDocument(document: PolicyDocument, kind: PolicyKind, name: string | undefined, place: string): Policy {
  try {
    return compilePolicy(document, kind, name)
  } catch (error) {
    if (!(error instanceof MalformedPolicy)) throw error
    throw wrong(error.place === undefined ? `${place}:` : `${place}.${error.place}:`, error.message)
  }
}
