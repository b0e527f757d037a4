import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { type Clock, type Logger, type Random, silentLogger, systemClock, systemRandom } from '@millrace/ports'
import type { ResourceGuard } from './core/access.ts'
import type { Place } from './core/arn.ts'
import { Sleeper } from './core/sleeper.ts'
import { checkTls, isTlsOnly, openEndpoints, openTls, pageAccessOf } from './door-options.ts'
import { Faults, parseFaultRules } from './gateway/faults.ts'
import { openGateway } from './gateway/gateway.ts'
import { takeGatewayLimits } from './gateway/gateway-limits.ts'
import { openIdentity } from './kept-identity.ts'
import { KeysDoor } from './keys/keys-door.ts'
import type { MillraceOptions } from './millrace-options.ts'
import { AddressRules } from './outbound/address-rules.ts'
import { openCloudWatch } from './services/cloudwatch/service.ts'
import { face as dynamodbFace, tablePrefix } from './services/dynamodb/door.ts'
import { deliveryStreamPrefix, face as firehoseFace } from './services/firehose/door.ts'
import { awsFirehoseLimits, backlogBytesMaxStandard, liftedFirehoseLimits } from './services/firehose/limits.ts'
import { face as glueFace } from './services/glue/door.ts'
import { face as lambdaFace, mappingPrefix } from './services/lambda/door.ts'
import { channelPrefix } from './services/streams/channel-store.ts'
import { type Durations, shortDurations } from './services/streams/context.ts'
import { limitsOf } from './services/streams/limits.ts'
import { openStreams, type StreamsService } from './services/streams/service.ts'
import { face as stsFace } from './services/sts/door.ts'
import { LogEventFolder } from './storage/embedded/log-event-folder.ts'
import { ObjectFolder } from './storage/embedded/object-folder.ts'
import { openEmbedded } from './storage/embedded/open.ts'
import { lockFile } from './storage/embedded/process-lock.ts'
import { openMemory } from './storage/memory/open.ts'
import { MetricStore } from './telemetry/metric-store.ts'
import { prometheusPage } from './telemetry/prometheus-page.ts'

/* The wiring: the only file that sees every room. */

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
  const { clock = systemClock, random = systemRandom, logger = silentLogger, host = '127.0.0.1' } = options
  const place: Place = { accountId: options.account ?? '000000000000', region: options.region ?? 'us-east-1' }
  checkTls(options)
  const pageAccess = pageAccessOf(options)
  const endpoints = await openEndpoints(options, logger)
  const { gateway: gatewayLimits, rest } = takeGatewayLimits(options.limits ?? 'aws')
  const limits = limitsOf(rest)
  const addressRules = new AddressRules(options.privateAddresses)
  const faults = options.faults && new Faults(parseFaultRules(options.faults))
  const definitions = await definitionsOf(options.functions, place.accountId)
  const startedMs = clock.monotonicMs()

  const keyringFile = options.keyring ?? (options.data && `${options.data}/keys/keyring.json`)
  const keys = new KeysDoor(
    async () => {
      const { openKeys } = await import('./keys/open-keys.ts')
      const { kms, dataKeyAgeMs } = options
      return openKeys({ place, clock, random, logger, catalog, keyringFile, kms, dataKeyAgeMs })
    },
    () => isKept('keys/'),
  )
  const storage = await (options.data === undefined
    ? openMemory({ clock })
    : openEmbedded({
        directory: options.data,
        durability: options.durability ?? 'fsync',
        clock,
        logger,
        random,
        dataKeys: () => keys,
        ...(options.segmentBytesMax !== undefined && { segmentBytesMax: options.segmentBytesMax }),
      }))
  const { log, catalog } = storage
  const isKept = (prefix: string) => catalog.list(prefix).length > 0
  const closeStorage = async (error: unknown): Promise<never> => {
    await Promise.all([storage.close(), keys.close()])
    throw error
  }
  if (isKept('keys/')) await keys.keys().catch(closeStorage) // what is missing is told now
  const known = { place, clock, random, logger, catalog, secrets: keys }
  const identity = await openIdentity(options, known).catch(closeStorage)
  const metrics = new MetricStore()
  const durations = durationsOf(options.transitionMs)
  const roles = identity?.roleAccess(clock, (): ResourceGuard => streams.guard)
  const streams: StreamsService = await openStreams({
    roles,
    place,
    clock,
    random,
    log,
    catalog,
    metrics,
    logger,
    limits,
    durations,
    recordFaults: faults,
    keys,
    secrets: keyringFile !== undefined && existsSync(keyringFile) ? keys : undefined,
    policyLanguage: { fault: async (document) => (await import('./policies/policy-fault.ts')).policyFault(document) },
    channelDeliveries: { begin: async () => (await firehose.wake()).beginChannels() },
  }).catch((error: unknown) => {
    identity?.stop()
    return closeStorage(error)
  })
  let url: string | undefined
  const dynamodb = new Sleeper(dynamodbFace, async () => {
    const { openDynamoDb } = await import('./services/dynamodb/service.ts')
    return openDynamoDb({
      place,
      clock,
      random,
      logger,
      catalog,
      items: storage.items,
      transitionMs: durations.updateMs,
      tableBytesMax: options.tableBytesMax,
      endpointUrl: () => url,
    })
  })
  // AWS polls a shard once each second, and leaves the rest of what it may be read to others.
  const pollMs = Number.isFinite(limits.shardReadsPerSecond) ? 1000 : 0
  const buckets = options.buckets ?? (options.data && `${options.data}/buckets`)
  const objects = await objectsOf(options.s3Endpoint, buckets, place.region, random)
  const logEvents = options.data === undefined ? undefined : new LogEventFolder(`${options.data}/logs`, logger)
  const lambdaMetrics = new MetricStore()
  const firehoseMetrics = new MetricStore()
  const glue = new Sleeper(glueFace, async () => {
    const { openGlue } = await import('./services/glue/service.ts')
    return openGlue({ place, clock, catalog, schemas: options.schemas })
  })
  const firehose = new Sleeper(firehoseFace, async () => {
    const { openFirehose } = await import('./services/firehose/service.ts')
    const { OutboundHttp } = await import('./outbound/outbound-http.ts')
    const outbound = new OutboundHttp({ clock, rules: addressRules })
    return openFirehose({
      place,
      clock,
      random,
      logger,
      log,
      catalog,
      keys,
      secrets: keys,
      objects,
      outbound,
      channels: streams.channels,
      channelMetrics: metrics,
      roles,
      streams: streams.reader,
      tables: { find: async (table) => (await glue.wake()).schemas.find(table) },
      pollMs,
      functions: { invoke: async (...call) => (await lambda.wake()).invoker.invoke(...call) },
      metrics: firehoseMetrics,
      logEvents,
      limits: {
        ...(options.limits === 'off' ? liftedFirehoseLimits : awsFirehoseLimits),
        ...(options.activePartitions !== undefined && { activePartitionsMax: options.activePartitions }),
      },
      backlogBytesMax: options.backlogBytesMax ?? backlogBytesMaxStandard,
      transitionMs: durations.createMs,
      anyEndpoint: options.endpoints === 'any',
    })
  })
  const lambda = new Sleeper(lambdaFace, async () => {
    const { openLambda } = await import('./services/lambda/service.ts')
    return openLambda({
      place,
      clock,
      random,
      logger,
      catalog,
      roles,
      streams: streams.reader,
      objects,
      metrics: lambdaMetrics,
      definitions,
      endpointUrl: () => url,
      roleSessions: identity?.sessions,
      transitionMs: durations.updateMs,
      pollMs,
    })
  })
  const sts = new Sleeper(stsFace, async () => {
    const { openSts } = await import('./services/sts/service.ts')
    if (identity) return openSts(identity.sessions)
    const { AnybodysCredentials } = await import('./services/sts/anybody.ts')
    return openSts(new AnybodysCredentials({ place, clock, random }))
  })
  const sources = new Map([
    ['AWS/Kinesis', metrics],
    ['AWS/Lambda', lambdaMetrics],
    ['AWS/Firehose', firehoseMetrics],
  ])
  const cloudwatch = openCloudWatch({ clock, logger, log, sources })

  const hasDeliveries = () => isKept(deliveryStreamPrefix) || isKept(channelPrefix)
  const page = (contentType: string, body: () => string) => async () => ({ contentType, body: body() })
  const pages = new Map([
    ['/health', page('application/json', () => '{"status":"ok"}\n')],
    [
      '/deliveries',
      async () => {
        const deliveries = hasDeliveries() ? await (await firehose.wake()).deliveries() : []
        return { contentType: 'application/json', body: `${JSON.stringify({ deliveries })}\n` }
      },
    ],
    [
      '/metrics',
      page('text/plain; version=0.0.4; charset=utf-8', () =>
        prometheusPage(metrics.all(), {
          residentBytes: process.memoryUsage.rss(),
          uptimeS: (clock.monotonicMs() - startedMs) / 1000,
          droppedSeries: metrics.dropped,
        }),
      ),
    ],
  ])
  const closeRooms = async () => {
    identity?.stop()
    await firehose.stop() // it uses functions and tables
    await lambda.stop()
    await Promise.all([streams.stop(), dynamodb.stop(), glue.stop(), objects?.close()])
    await Promise.all([cloudwatch.stop(), logEvents?.stop()]) // after all that counts and tells
    await Promise.all([storage.close(), keys.close()])
  }
  const closeAndThrow = async (error: unknown): Promise<never> => {
    await closeRooms()
    throw error
  }
  const busy = [
    ...(isKept(tablePrefix) ? [dynamodb] : []),
    ...(hasDeliveries() ? [firehose] : []),
    ...(definitions.size > 0 || isKept(mappingPrefix) ? [lambda] : []),
  ]
  await Promise.all(busy.map((sleeper) => sleeper.wake())).catch(closeAndThrow)
  const tls = await openTls(options, [host, ...endpoints.names], options.data, random, logger).catch(closeAndThrow)
  if (tls?.authority() !== undefined)
    pages.set(
      '/ca.pem',
      page('application/x-pem-file', () => tls.authority()!),
    )
  const trail = await openTrail(options, { place, clock, random, logger }).catch(closeAndThrow)
  const gateway = await openGateway({
    services: [streams, firehose.service, glue.service, dynamodb.service, lambda.service, cloudwatch, sts.service],
    place,
    clock,
    random,
    logger,
    host,
    port: options.port ?? 0,
    faults,
    operationRates: limits.operationRates,
    pages,
    pageAccess,
    tls: tls?.door,
    tlsOnly: isTlsOnly(options),
    privateEndpoints: endpoints.list,
    limits: gatewayLimits,
    credentials: identity,
    trail: trail?.trail,
  }).catch(async (error: unknown) => {
    tls?.stop()
    await trail?.close()
    return closeAndThrow(error)
  })

  endpoints.follow()
  url = gateway.url
  let stopped: Promise<void> | undefined
  return {
    url: gateway.url,
    host,
    port: gateway.port,
    ...(gateway.tlsUrl !== undefined && { tlsUrl: gateway.tlsUrl }),
    ...(tls?.authority() !== undefined && {
      authority: { pem: tls.authority()!, ...(tls.authorityPath !== undefined && { path: tls.authorityPath }) },
    }),
    endpoints: gateway.endpoints,
    stop() {
      tls?.stop()
      endpoints.stop()
      stopped ??= gateway
        .close()
        .then(() => trail?.close())
        .then(closeRooms)
      return stopped
    },
  }
}

/** Who keeps the audit trail, and how it is brought to an end; undefined where nobody asked for one. */
async function openTrail(
  { trail: text, trailDataEvents: dataEvents = 'none', data, s3Endpoint: endpoint = 'aws' }: MillraceOptions,
  parts: { readonly place: Place; readonly clock: Clock; readonly random: Random; readonly logger: Logger },
) {
  if (text === undefined) return undefined
  const { Trail } = await import('./trail/trail.ts')
  const { destinationFrom, inFolder } = await import('./trail/destination.ts')
  const destination = destinationFrom(text)
  if ('bucket' in destination) {
    if (data === undefined) throw new Error('a trail in a bucket needs a data folder, where its records wait')
    const { S3Objects } = await import('./storage/s3/s3-objects.ts')
    const objects = new S3Objects({ endpoint, region: parts.place.region, clock: systemClock })
    const trail = await Trail.open({ ...parts, ...destination, dataEvents, objects, journal: `${data}/trail` })
    return { trail, close: () => trail.close().then(() => objects.close()) }
  }
  const { folder } = destination
  const journal = data === undefined ? `${folder}/.journal` : `${data}/trail`
  await mkdir(journal, { recursive: true, mode: 0o700 })
  const lock = await lockFile(`${journal}/lock`)
  if ('heldByPid' in lock) throw new Error(`${journal} is the journal of process ${lock.heldByPid}`)
  const objects = new ObjectFolder(folder, { random: parts.random })
  const trailParts = { ...parts, dataEvents, objects: inFolder(objects), bucket: '', journal }
  const trail = await Trail.open(trailParts).catch(async (error: unknown) => {
    await lock.release()
    throw error
  })
  return {
    trail,
    async close() {
      await trail.close()
      await objects.close()
      await lock.release()
    },
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
