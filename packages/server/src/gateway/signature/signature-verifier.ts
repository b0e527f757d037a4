import { timingSafeEqual } from 'node:crypto'
import {
  algorithm,
  amzDateText,
  type CredentialScope,
  canonicalPath,
  canonicalQuery,
  canonicalRequest,
  parseCredential,
  presignedNames,
  queryParameters,
  sha256Hex,
  signatureOf,
  stringToSign,
  terminator,
} from '@millrace/formats/sigv4'
import type { Clock, Logger, Random } from '@millrace/ports'
import { AwsError } from '../../core/aws-error.ts'
import type { Caller } from '../../core/caller.ts'
import type { Credential, Credentials, Principal } from '../../identity/credentials.ts'
import type { HttpRequest } from '../listener.ts'
import { Refusal } from '../refusal.ts'
import type { Route } from '../route.ts'
import { claimIn, type SignatureClaim } from './claim.ts'
import { RequestHead } from './request-head.ts'
import {
  expired,
  malformedCredential,
  missingToken,
  notTaken,
  notYetCurrent,
  signatureMismatch,
  unsupportedAlgorithm,
  wrongScope,
} from './signature-faults.ts'
import { SignedHeaders } from './signed-headers.ts'
import { SigningKeys } from './signing-keys.ts'

/** How far a client's clock may be from ours, to either side. */
const skewMsMax = 5 * 60 * 1000

/** A longer body is parsed only for whom it is from. */
const unprovenBytesMax = 64 * 1024

export type VerifierOptions = {
  readonly credentials: Credentials
  readonly region: string
  /** The services that are here, by their names in scopes. */
  readonly services: ReadonlySet<string>
  /** Those of them that are signed for `us-east-1` too: see ServiceFace. */
  readonly globalServices?: ReadonlySet<string>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/**
 * What becomes of the body: it was read whole, and its hash is signed; or it is a stream that is read later, as PutMedia's.
 * Of such a one Amazon's own clients sign either `UNSIGNED-PAYLOAD`, which they say in `x-amz-content-sha256` and add after
 * signing (Java), or the hash of nothing without saying so (C).
 */
export type Payload = Buffer | 'streamed'

/** What a request's signature proves. Nothing of it is told before it is known what was asked for. */
export type Proof = {
  /** Of whoever signed: undefined unless all is right but, perhaps, the scope's service. */
  readonly credential: Credential | undefined
  /** What AWS finds wrong before it looks at the scope; `missing` where nobody signed. */
  readonly formFault: AwsError | 'missing' | undefined
  readonly scope: CredentialScope | undefined
  /** `20150830T123600Z` */
  readonly signedAt: string | undefined
  /** What AWS finds wrong after it has looked at the scope. */
  readonly signatureFault: AwsError | undefined
}

/**
 * Verifies signatures, version 4. `prove` looks at a request as it came over the wire, before anything of its body is read;
 * `admit` tells of what it found when the service is known, whose name must be signed too.
 */
export class SignatureVerifier {
  readonly #options: VerifierOptions
  readonly #keys = new SigningKeys()
  /** Signs in place of secrets that nobody has. */
  readonly #noSecret: string

  constructor(options: VerifierOptions) {
    this.#options = options
    this.#noSecret = Buffer.from(options.random.bytes(30)).toString('base64')
  }

  /** Never throws for what a client sends. */
  prove(request: Pick<HttpRequest, 'method' | 'url' | 'rawHeaders'>, payload: Payload): Proof {
    const head = new RequestHead(request)
    const parameters = queryParameters(head.query)
    const claim = parameters && claimIn(head, parameters)
    if (claim === undefined) return formFault(signatureMismatch()) // a query that cannot even be read
    if (claim === 'missing' || claim instanceof AwsError) return formFault(claim)
    const fault = this.#timeFault(claim)
    if (fault) return formFault(fault)
    const signedHeaders = new SignedHeaders(claim.signedHeaders, head)
    const headerFault = signedHeaders.fault(head, payload === 'streamed')
    if (headerFault) return formFault(headerFault)
    if (claim.algorithm !== algorithm) return formFault(unsupportedAlgorithm(claim.algorithm))
    const scope = parseCredential(claim.credential)
    if (!scope) return formFault(malformedCredential(claim.credential))

    const proof = { formFault: undefined, scope, signedAt: claim.amzDate }
    if (this.#isElsewhere(scope, claim.amzDate))
      return { ...proof, credential: undefined, signatureFault: signatureMismatch() }
    const payloadHash = head.isAmbiguous(signedHeaders.names) ? undefined : payloadHashOf(head, claim, payload)
    const canonical = canonicalRequest({
      method: head.method,
      path: canonicalPath(head.path),
      query: canonicalQuery(parameters!, presignedNames.signature),
      headers: signedHeaders.values,
      payloadHash: payloadHash ?? '',
    })
    const found = this.#find(scope.accessKeyId, claim.securityToken)
    const credential = found instanceof AwsError ? undefined : found
    const key = this.#keys.of(credential?.secret ?? this.#noSecret, credential !== undefined, scope)
    const computed = signatureOf(key, stringToSign(claim.amzDate, scope.text, canonical))
    const isRight = isSame(claim.signature, computed) && payloadHash !== undefined
    if (!isRight) this.#note(scope.accessKeyId, canonical)
    if (credential && isRight) return { ...proof, credential, signatureFault: undefined }
    const signatureFault = found instanceof AwsError ? found : notTaken(credential !== undefined)
    return { ...proof, credential: undefined, signatureFault }
  }

  /**
   * AWS tells of a body that cannot be parsed before it tells of the signature. We do so too, but whose signature is not
   * right has no large body parsed. @throws as `admit`; UnknownOperationException
   */
  refuseLarge(proof: Proof, found: Route, bodyBytes: number): void {
    if (proof.credential || bodyBytes <= unprovenBytesMax) return
    if (!found.service) throw new AwsError('UnknownOperationException', '')
    this.admit(proof, found)
  }

  /**
   * Who calls, and what decides about what they may do. @throws Refusal, or AwsError IncompleteSignatureException, in AWS's
   * order
   */
  admit(proof: Proof, { service }: Route): { readonly caller: Caller; readonly principal: Principal } {
    const { formFault, scope, signedAt, signatureFault, credential } = proof
    if (formFault === 'missing') throw missingToken(!service?.errorPrefix && !service?.query)
    if (formFault) throw formFault
    const fault = wrongScope({
      region: this.#isOwnRegion(scope!) ? undefined : scope!.region,
      service: scope!.service === service!.name ? undefined : service!.name,
      terminator: scope!.terminator === terminator ? undefined : scope!.terminator,
      date: signedAt!.startsWith(`${scope!.date}T`) ? undefined : { inScope: scope!.date, signedAt: signedAt! },
    })
    if (fault) throw fault
    if (signatureFault) throw signatureFault
    const { accessKeyId, principal } = credential!
    return { caller: { accountId: principal.accountId, accessKeyId, identity: principal.identity }, principal }
  }

  /** Signing keys that are kept, of keys that are known and of others. */
  get keptKeys(): SigningKeys['size'] {
    return this.#keys.size
  }

  #timeFault({ signedMs, amzDate, expiresS }: SignatureClaim): AwsError | undefined {
    const nowMs = Math.floor(this.#options.clock.nowMs() / 1000) * 1000
    const patienceMs = expiresS === undefined ? skewMsMax : expiresS * 1000
    const patience = patienceMs % 60_000 === 0 ? `${patienceMs / 60_000} min.` : `${patienceMs / 1000} sec.`
    const oldestMs = nowMs - patienceMs
    if (signedMs < oldestMs) return expired(amzDate, amzDateText(oldestMs), amzDateText(nowMs), patience)
    const newestMs = nowMs + skewMsMax
    if (signedMs > newestMs) return notYetCurrent(amzDate, amzDateText(newestMs), amzDateText(nowMs), '5 min.')
    return undefined
  }

  /** Signed for no service that is here, or another day or region: then no key is derived, and none is kept. */
  #isElsewhere(scope: CredentialScope, amzDate: string): boolean {
    const { date, service, terminator: end } = scope
    const isHere = this.#isOwnRegion(scope) && this.#options.services.has(service)
    return !isHere || end !== terminator || !amzDate.startsWith(`${date}T`)
  }

  #isOwnRegion({ region, service }: CredentialScope): boolean {
    const { region: own, globalServices } = this.#options
    return region === own || (region === 'us-east-1' && globalServices?.has(service) === true)
  }

  #find(accessKeyId: string, securityToken: string | undefined): Credential | AwsError | undefined {
    try {
      return this.#options.credentials.find(accessKeyId, securityToken)
    } catch (error) {
      if (error instanceof AwsError) return new Refusal(error.code, error.message)
      throw error
    }
  }

  /** For whoever looks for the mistake in a signer of their own. */
  #note(accessKeyId: string, canonical: string): void {
    const withoutToken = canonical.replace(/^(x-amz-security-token:).*$|(X-Amz-Security-Token=)[^&\n]*/gm, '$1$2…')
    this.#options.logger.log('debug', 'a signature does not match', { accessKeyId, canonicalRequest: withoutToken })
  }
}

const formFault = (fault: AwsError | 'missing'): Proof => ({
  credential: undefined,
  formFault: fault,
  scope: undefined,
  signedAt: undefined,
  signatureFault: undefined,
})

const hashOfNothing = sha256Hex('')
const unsigned = 'UNSIGNED-PAYLOAD'

/** What is signed of the body; undefined if the request says something of it that is not so, or that nobody takes here. */
function payloadHashOf(head: RequestHead, { contentHash }: SignatureClaim, payload: Payload): string | undefined {
  if (payload !== 'streamed') {
    const hash = sha256Hex(payload)
    return contentHash === undefined || contentHash === hash ? hash : undefined
  }
  if (contentHash === undefined) return hashOfNothing
  return contentHash === unsigned && head.get('x-amz-content-sha256') === unsigned ? unsigned : undefined
}

const isHexSignature = /^[0-9a-f]{64}$/
const noSignature = Buffer.alloc(32)

/** Takes as long for every signature, also for what is none. */
function isSame(sent: string, computed: Buffer): boolean {
  const isSignature = isHexSignature.test(sent)
  return timingSafeEqual(isSignature ? Buffer.from(sent, 'hex') : noSignature, computed) && isSignature
}
