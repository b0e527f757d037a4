import type { Clock, Logger, Random } from '@millrace/ports'
import type { Place } from './core/arn.ts'
import type { LogEvents } from './core/ports/log-events.ts'
import type { ObjectStore } from './core/ports/objects.ts'
import type { RoleAccess } from './core/role-access.ts'
import { Sleeper } from './core/sleeper.ts'
import type { Sessions } from './identity/sessions.ts'
import type { KeysDoor } from './keys/keys-door.ts'
import type { MillraceOptions } from './millrace-options.ts'
import type { AddressRules } from './outbound/address-rules.ts'
import { face as dynamodbFace, tablePrefix } from './services/dynamodb/door.ts'
import { deliveryStreamPrefix, face as firehoseFace } from './services/firehose/door.ts'
import { awsFirehoseLimits, backlogBytesMaxStandard, liftedFirehoseLimits } from './services/firehose/limits.ts'
import { face as glueFace } from './services/glue/door.ts'
import { face as lambdaFace, mappingPrefix } from './services/lambda/door.ts'
import type { FunctionDefinition } from './services/lambda/functions/function-definition.ts'
import { channelPrefix } from './services/streams/channel-store.ts'
import type { Durations } from './services/streams/context.ts'
import type { StreamsService } from './services/streams/service.ts'
import { face as stsFace } from './services/sts/door.ts'
import type { Storage } from './storage/storage.ts'
import type { MetricStore } from './telemetry/metric-store.ts'

export type SleepingParts = {
  readonly options: MillraceOptions
  readonly place: Place
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly storage: Storage
  readonly keys: KeysDoor
  readonly streams: StreamsService
  readonly roles: RoleAccess | undefined
  readonly sessions: Sessions | undefined
  readonly objects: ObjectStore | undefined
  readonly logEvents: LogEvents | undefined
  readonly addressRules: AddressRules
  readonly definitions: ReadonlyMap<string, FunctionDefinition>
  readonly metrics: { readonly streams: MetricStore; readonly firehose: MetricStore; readonly lambda: MetricStore }
  readonly durations: Durations
  /** Reads of a shard for deliveries are so far apart at least. */
  readonly pollMs: number
  /** Where the server answers, once it does. */
  readonly endpointUrl: () => string | undefined
}

/** The services that are loaded when somebody first calls them: what each needs of the world, and of the others. */
export function sleepingServices(parts: SleepingParts) {
  const { options, place, clock, random, logger, keys, streams, roles, objects, metrics, durations, pollMs } = parts
  const { catalog, items, log } = parts.storage
  const { endpointUrl } = parts
  const dynamodb = new Sleeper(dynamodbFace, async () => {
    const { openDynamoDb } = await import('./services/dynamodb/service.ts')
    return openDynamoDb({
      ...{ place, clock, random, logger, catalog, items, endpointUrl },
      transitionMs: durations.updateMs,
      tableBytesMax: options.tableBytesMax,
    })
  })
  const glue = new Sleeper(glueFace, async () => {
    const { openGlue } = await import('./services/glue/service.ts')
    return openGlue({ place, clock, catalog, schemas: options.schemas })
  })
  const lambda = new Sleeper(lambdaFace, async () => {
    const { openLambda } = await import('./services/lambda/service.ts')
    return openLambda({
      ...{ place, clock, random, logger, catalog, roles, objects, pollMs, endpointUrl },
      streams: streams.reader,
      metrics: metrics.lambda,
      definitions: parts.definitions,
      roleSessions: parts.sessions,
      transitionMs: durations.updateMs,
    })
  })
  const firehose = new Sleeper(firehoseFace, async () => {
    const { openFirehose } = await import('./services/firehose/service.ts')
    const { OutboundHttp } = await import('./outbound/outbound-http.ts')
    return openFirehose({
      ...{ place, clock, random, logger, log, catalog, keys, roles, objects, pollMs },
      secrets: keys,
      outbound: new OutboundHttp({ clock, rules: parts.addressRules }),
      streams: streams.reader,
      channels: streams.channels,
      channelMetrics: metrics.streams,
      tables: { find: async (table) => (await glue.wake()).schemas.find(table) },
      functions: { invoke: async (...call) => (await lambda.wake()).invoker.invoke(...call) },
      metrics: metrics.firehose,
      logEvents: parts.logEvents,
      limits: {
        ...(options.limits === 'off' ? liftedFirehoseLimits : awsFirehoseLimits),
        ...(options.activePartitions !== undefined && { activePartitionsMax: options.activePartitions }),
      },
      backlogBytesMax: options.backlogBytesMax ?? backlogBytesMaxStandard,
      transitionMs: durations.createMs,
      anyEndpoint: options.endpoints === 'any',
    })
  })
  const sts = new Sleeper(stsFace, async () => {
    const { openSts } = await import('./services/sts/service.ts')
    if (parts.sessions) return openSts(parts.sessions)
    const { AnybodysCredentials } = await import('./services/sts/anybody.ts')
    return openSts(new AnybodysCredentials({ place, clock, random }))
  })

  const has = (prefix: string) => catalog.list(prefix).length > 0
  const hasDeliveries = () => has(deliveryStreamPrefix) || has(channelPrefix)
  return {
    services: [firehose, glue, dynamodb, lambda, sts].map(({ service }) => service),
    /** Wakes those that have something to do though nobody calls them: the catalog shows which. */
    async wakeBusy(): Promise<void> {
      const busy = [
        ...(has(tablePrefix) ? [dynamodb] : []),
        ...(hasDeliveries() ? [firehose] : []),
        ...(parts.definitions.size > 0 || has(mappingPrefix) ? [lambda] : []),
      ]
      await Promise.all(busy.map((sleeper) => sleeper.wake()))
    },
    beginChannels: async () => (await firehose.wake()).beginChannels(),
    /** How each delivery stands; Firehose sleeps on where there is none. */
    deliveries: async () => (hasDeliveries() ? (await firehose.wake()).deliveries() : []),
    async stop(): Promise<void> {
      await firehose.stop() // it uses functions and tables
      await lambda.stop()
      await Promise.all([dynamodb.stop(), glue.stop()])
    },
  }
}

export type SleepingServices = ReturnType<typeof sleepingServices>
