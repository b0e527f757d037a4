import { AwsError } from '../core/aws-error.ts'
import type { Operation, Service, ServiceFace, SleepingService } from '../core/operation.ts'
import type { HttpRequest } from './listener.ts'
import { isFromOtherPage } from './origin-check.ts'
import { json, json10 } from './protocols/json.ts'
import type { Protocol } from './protocols/protocol.ts'
import { RestPlaces } from './rest-places.ts'

/** Where a request goes; without `service` and `operation`, nobody here knows what it asks for. */
export type Route = {
  readonly service: Service | undefined
  // biome-ignore lint/suspicious/noExplicitAny: see Service
  readonly operation: Operation<any, any> | undefined
  readonly protocol: Protocol
  /** `application/json`: AWS reads the body, and then knows no operation in it (see render-error.ts). */
  readonly isPlainJson: boolean
}

/** The first who speaks CBOR loads it: 3 MB of memory that the others do without. */
const loadCbor = async (): Promise<Protocol> => (await import('./protocols/cbor.ts')).cbor
const loadJson = async (): Promise<Protocol> => json
const loadJson10 = async (): Promise<Protocol> => json10

const protocols = new Map([
  [json.contentType, loadJson],
  ['application/x-amz-cbor-1.1', loadCbor],
  ['application/json', loadJson],
])

/** What AWS's front end says in XML when it cannot even tell the service. */
export class Unroutable extends AwsError {}

const undetermined = () =>
  new Unroutable('AccessDeniedException', 'Unable to determine service/operation name to be authorized', 403)

const fromOtherPage = () =>
  new Unroutable('AccessDeniedException', 'Millrace does not answer pages of other origins', 403)

const actionInForm = /(?:^|&)Action=([^&]*)/
const versionInForm = /(?:^|&)Version=([^&]*)/
const formType = 'application/x-www-form-urlencoded'
const rpcPath = /\/service\/([^/]+)\/operation\/([^/?]+)(?:\?.*)?$/s

/** Finds the service and the operation of a request, and the protocol that it speaks. */
export class Router {
  readonly #services: readonly (Service | SleepingService)[]
  readonly #byTarget: ReadonlyMap<string, Service | SleepingService>
  readonly #rest: RestPlaces
  readonly #asleep: readonly SleepingService[]
  /** Of services that slept. */
  readonly #places = new Map<SleepingService, RestPlaces>()

  constructor(services: readonly (Service | SleepingService)[]) {
    this.#services = services
    this.#asleep = services.filter((service) => 'wake' in service)
    this.#byTarget = new Map(services.map((service) => [service.targetPrefix, service]))
    this.#rest = new RestPlaces(services.filter((service) => 'operations' in service))
  }

  /**
   * In this order: `X-Amz-Target: Kinesis_20131202.PutRecord` and the content type; the path of an RPC; `Action=` and
   * `Version=`; the path of a REST service. @throws Unroutable (403 or 404) as AWS does, for what is none of them; 403 for what a
   * page of another origin sent
   */
  async route(request: HttpRequest, body: Buffer, requestId: string): Promise<Route> {
    const target = request.headers['x-amz-target']
    const contentType = contentTypeOf(request)
    if (target === undefined) {
      const elsewhere =
        this.#rpc(request) ??
        this.#query(request, contentType, body, requestId) ??
        this.#rest.find(request) ??
        this.#restAsleep(request)
      if (elsewhere && isFromOtherPage(request)) throw fromOtherPage()
      const found = await elsewhere
      if (found) return found
    }
    const [prefix, name] = String(target ?? '').split('.', 2)
    const named = this.#byTarget.get(prefix!)
    const hasBody = body.length > 0
    const own = named?.jsonVersion === '1.0' ? json10.contentType : json.contentType
    // Without a body AWS answers in CBOR whatever was announced, but for its own JSON.
    const load = hasBody || contentType === own ? loaderOf(contentType, named) : loadCbor
    if (request.method !== 'POST' || (!load && !(prefix && name))) throw undetermined()
    if (!load) throw new Unroutable('UnknownOperationException', '', 404)
    const protocol = await load()
    const isPlainJson = hasBody && contentType === 'application/json'
    const service = isPlainJson || !named ? undefined : 'wake' in named ? await named.wake() : named
    return { service, operation: name === undefined ? undefined : service?.operations.get(name), protocol, isPlainJson }
  }

  /** How whoever sent a request understands a refusal, when nothing but its head is known; undefined where it does not tell. */
  async refusalOf(request: HttpRequest): Promise<Route | undefined> {
    const target = request.headers['x-amz-target']
    if (target === undefined) return undefined
    const named = this.#byTarget.get(String(target).split('.', 1)[0]!)
    const load = loaderOf(contentTypeOf(request), named)
    return load && { service: undefined, operation: undefined, protocol: await load(), isPlainJson: false }
  }

  /** Does the service that a request names take compressed bodies? Where a form is sent, only the form says which. */
  takesGzip(request: HttpRequest): boolean {
    const target = request.headers['x-amz-target']
    if (target !== undefined) return this.#byTarget.get(String(target).split('.', 1)[0]!)?.gzip === true
    const prefix = rpcPath.exec(request.url ?? '')?.[1]
    if (prefix !== undefined) return this.#byTarget.get(prefix)?.gzip === true
    return contentTypeOf(request) === formType && this.#services.some(({ gzip, query }) => gzip && query)
  }

  #restAsleep(request: HttpRequest): Promise<Route | undefined> | undefined {
    const asleep = this.#asleep.find(({ restPath }) => restPath?.test(request.url ?? ''))
    return asleep && this.#woken(asleep).then((places) => places.find(request))
  }

  async #woken(asleep: SleepingService): Promise<RestPlaces> {
    const places = this.#places.get(asleep) ?? new RestPlaces([await asleep.wake()])
    this.#places.set(asleep, places)
    return places
  }

  #rpc(request: HttpRequest): Promise<Route> | undefined {
    if (request.method !== 'POST' || request.headers['smithy-protocol'] !== 'rpc-v2-cbor') return undefined
    const [, prefix, name] = rpcPath.exec(request.url ?? '') ?? []
    if (prefix === undefined || name === undefined) return undefined
    const service = this.#byTarget.get(prefix)
    return Promise.all([loadRpcCbor(), service && 'wake' in service ? service.wake() : service]).then(
      ([protocol, awake]) => ({
        service: awake,
        operation: awake?.operations.get(name),
        protocol,
        isPlainJson: false,
      }),
    )
  }

  #query(request: HttpRequest, contentType: string, body: Buffer, requestId: string): Promise<Route> | undefined {
    const { method, url = '' } = request
    const isForm = method === 'POST' && contentType === formType
    const inUrl = url.indexOf('?') + 1
    if (!isForm && !(method === 'GET' && inUrl > 0)) return undefined
    const text = isForm ? body.toString() : url.slice(inUrl)
    const action = actionInForm.exec(text)?.[1]
    const version = versionInForm.exec(text)?.[1]
    const found = this.#services.find(({ query }) => query?.version === version)
    const names = found?.query
    if (!names || action === undefined) return undefined
    return Promise.all([loadQuery(), 'wake' in found ? found.wake() : found]).then(([{ Query }, service]) => ({
      service,
      operation: service.operations.get(action),
      protocol: new Query(text, action, names, requestId),
      isPlainJson: false,
    }))
  }
}

const loadRpcCbor = async (): Promise<Protocol> => (await import('./protocols/rpc-cbor.ts')).rpcCbor
const loadQuery = () => import('./protocols/query.ts')

function loaderOf(contentType: string, service: ServiceFace | undefined): (() => Promise<Protocol>) | undefined {
  if (service?.jsonVersion !== '1.0') return protocols.get(contentType)
  if (contentType === json10.contentType) return loadJson10
  return contentType === json.contentType ? undefined : protocols.get(contentType)
}

function contentTypeOf({ headers }: HttpRequest): string {
  const type = headers['content-type'] ?? ''
  const end = type.indexOf(';')
  return (end < 0 ? type : type.slice(0, end)).trim().toLowerCase()
}
