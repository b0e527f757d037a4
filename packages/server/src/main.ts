import { existsSync } from 'node:fs'
import { type Random, silentLogger, systemClock, systemRandom } from '@millrace/ports'
import { Closing } from './closing.ts'
import type { ResourceGuard } from './core/access.ts'
import type { Place } from './core/arn.ts'
import { checkTls, isTlsOnly, openEndpoints, openTls, pageAccessOf } from './door-options.ts'
import { Faults, parseFaultRules } from './gateway/faults.ts'
import { openGateway } from './gateway/gateway.ts'
import { takeGatewayLimits } from './gateway/gateway-limits.ts'
import { openIdentity } from './kept-identity.ts'
import { openTrail } from './kept-trail.ts'
import { KeysDoor, standardKeyring } from './keys/keys-door.ts'
import type { MillraceOptions } from './millrace-options.ts'
import { AddressRules } from './outbound/address-rules.ts'
import { serverPages } from './server-pages.ts'
import { openCloudWatch } from './services/cloudwatch/service.ts'
import { type Durations, shortDurations } from './services/streams/context.ts'
import { limitsOf } from './services/streams/limits.ts'
import { openStreams, type StreamsService } from './services/streams/service.ts'
import { sleepingServices } from './sleeping-services.ts'
import { LogEventFolder } from './storage/embedded/log-event-folder.ts'
import { ObjectFolder } from './storage/embedded/object-folder.ts'
import { openEmbedded } from './storage/embedded/open.ts'
import { openMemory } from './storage/memory/open.ts'
import { MetricStore } from './telemetry/metric-store.ts'

/* The wiring: what every room is given. Only the files beside this one see more than one room. */

export type Millrace = {
  /** What clients take as endpoint, e.g. `http://127.0.0.1:4567`. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** With TLS: the same port as `https://…`. */
  readonly tlsUrl?: string
  /** With a certificate that was made here: what clients are to trust, as PEM, and the file that holds it. */
  readonly authority?: { readonly pem: string; readonly path?: string }
  /** Where each private endpoint listens, by its id: `http://HOST:PORT`, or the socket's path. */
  readonly endpoints: ReadonlyMap<string, string>
  /** Answers what is in flight, writes what was accepted, and leaves nothing behind. Idempotent. */
  stop(): Promise<void>
}

/**
 * Starts a server in this process. @throws when the port is taken, the data folder is in use or damaged, the identity file
 * is none, or the server would be open to the network without one.
 */
export async function startMillrace(options: MillraceOptions = {}): Promise<Millrace> {
  const closing = new Closing()
  try {
    return await open(options, closing)
  } catch (error) {
    await closing.close()
    throw error
  }
}

/** @param closing gets what is open, as it is opened */
async function open(options: MillraceOptions, closing: Closing): Promise<Millrace> {
  const { clock = systemClock, random = systemRandom, logger = silentLogger, host = '127.0.0.1', data } = options
  const place: Place = { accountId: options.account ?? '000000000000', region: options.region ?? 'us-east-1' }
  const world = { place, clock, random, logger }
  const startedMs = clock.monotonicMs()

  // Wrong options are told before anything is opened.
  checkTls(options)
  const pageAccess = pageAccessOf(options)
  const endpoints = await openEndpoints(options, logger)
  const { gateway: gatewayLimits, rest } = takeGatewayLimits(options.limits ?? 'aws')
  const limits = limitsOf(rest)
  const addressRules = new AddressRules(options.privateAddresses)
  const faults = options.faults && new Faults(parseFaultRules(options.faults))
  const definitions = await definitionsOf(options.functions, place.accountId)

  const keyringFile = options.keyring ?? (data && standardKeyring(data))
  const hasKeys = () => catalog.list('keys/').length > 0
  const keys = new KeysDoor(async () => {
    const { openKeys } = await import('./keys/open-keys.ts')
    return openKeys({ ...world, catalog, keyringFile, kms: options.kms, dataKeyAgeMs: options.dataKeyAgeMs })
  }, hasKeys)
  const storage = await (data === undefined
    ? openMemory({ clock })
    : openEmbedded({
        directory: data,
        durability: options.durability ?? 'fsync',
        clock,
        logger,
        random,
        dataKeys: () => keys,
        ...(options.segmentBytesMax !== undefined && { segmentBytesMax: options.segmentBytesMax }),
      }))
  closing.add(() => Promise.all([storage.close(), keys.close()]))
  const { log, catalog } = storage
  if (hasKeys()) await keys.keys() // what is missing is told now

  const metrics = { streams: new MetricStore(), lambda: new MetricStore(), firehose: new MetricStore() }
  const sources = new Map([
    ['AWS/Kinesis', metrics.streams],
    ['AWS/Lambda', metrics.lambda],
    ['AWS/Firehose', metrics.firehose],
  ])
  const logEvents = data === undefined ? undefined : new LogEventFolder(`${data}/logs`, logger)
  const cloudwatch = openCloudWatch({ clock, logger, log, sources })
  closing.add(() => Promise.all([cloudwatch.stop(), logEvents?.stop()])) // after all that counts and tells

  const identity = await openIdentity(options, { ...world, catalog, secrets: keys })
  closing.add(() => identity?.stop())
  const roles = identity?.roleAccess(clock, (): ResourceGuard => streams.guard)
  const durations = durationsOf(options.transitionMs)
  const streams: StreamsService = await openStreams({
    ...{ ...world, log, catalog, roles, limits, durations, keys },
    metrics: metrics.streams,
    recordFaults: faults,
    secrets: keyringFile !== undefined && existsSync(keyringFile) ? keys : undefined,
    policyLanguage: { fault: async (document) => (await import('./policies/policy-fault.ts')).policyFault(document) },
    channelDeliveries: { begin: () => sleeping.beginChannels() },
  })
  closing.add(() => streams.stop())

  const buckets = options.buckets ?? (data && `${data}/buckets`)
  const objects = await objectsOf(options.s3Endpoint, buckets, place.region, random)
  closing.add(() => objects?.close())
  let url: string | undefined
  const sleeping = sleepingServices({
    ...{
      ...world,
      options,
      storage,
      keys,
      streams,
      roles,
      objects,
      logEvents,
      addressRules,
      definitions,
      metrics,
      durations,
    },
    sessions: identity?.sessions,
    // AWS polls a shard once each second, and leaves the rest of what it may be read to others.
    pollMs: Number.isFinite(limits.shardReadsPerSecond) ? 1000 : 0,
    endpointUrl: () => url,
  })
  closing.add(() => sleeping.stop())
  await sleeping.wakeBusy()

  const trail = await openTrail(options, world)
  closing.add(() => trail?.close())
  const tls = await openTls(options, [host, ...endpoints.names], data, random, logger)
  closing.add(() => tls?.stop())
  const { deliveries } = sleeping
  const gateway = await openGateway({
    ...world,
    services: [streams, cloudwatch, ...sleeping.services],
    host,
    port: options.port ?? 0,
    faults,
    operationRates: limits.operationRates,
    pages: serverPages({ clock, startedMs, metrics: metrics.streams, deliveries, authority: tls?.authority }),
    pageAccess,
    tls: tls?.door,
    tlsOnly: isTlsOnly(options),
    privateEndpoints: endpoints.list,
    limits: gatewayLimits,
    credentials: identity,
    trail: trail?.trail,
  })
  closing.add(() => gateway.close())
  endpoints.follow()
  closing.add(() => endpoints.stop())
  url = gateway.url
  return {
    url,
    host,
    port: gateway.port,
    ...(gateway.tlsUrl !== undefined && { tlsUrl: gateway.tlsUrl }),
    ...(tls?.authority() !== undefined && {
      authority: { pem: tls.authority()!, ...(tls.authorityPath !== undefined && { path: tls.authorityPath }) },
    }),
    endpoints: gateway.endpoints,
    stop: () => closing.close(),
  }
}

/** What an operator wrote of functions; whoever has none does without the code that reads it. */
async function definitionsOf(functions: MillraceOptions['functions'], accountId: string) {
  if (functions === undefined) return new Map<string, never>()
  const { functionsFrom } = await import('./services/lambda/functions/functions-file.ts')
  return functionsFrom(functions, accountId)
}

/** Where buckets are; AWS's SDK is loaded for those of a service alone. */
async function objectsOf(endpoint: string | undefined, folder: string | undefined, region: string, random: Random) {
  if (endpoint === undefined) return folder === undefined ? undefined : new ObjectFolder(folder, { random })
  const { S3Objects } = await import('./storage/s3/s3-objects.ts')
  return new S3Objects({ endpoint, region, clock: systemClock }) // the network has no other clock
}

const durationsOf = (ms: number | undefined): Durations =>
  ms === undefined ? shortDurations : { createMs: ms, deleteMs: ms, updateMs: ms, consumerMs: ms }
