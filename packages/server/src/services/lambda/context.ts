import type { Clock, Logger, Random } from '@millrace/ports'
import type { Place } from '../../core/arn.ts'
import type { MetricSink } from '../../core/ports/metrics.ts'
import type { ObjectStore } from '../../core/ports/objects.ts'
import type { StreamReader } from '../../core/ports/streams.ts'
import type { RoleAccess } from '../../core/role-access.ts'
import type { RoleSessions } from '../../core/temporary-keys.ts'
import type { Catalog } from '../../storage/catalog.ts'
import type { FunctionDefinition } from './functions/function-definition.ts'
import type { FunctionTable, InvokerOf } from './functions/function-table.ts'
import type { Invocations } from './invocations.ts'
import type { MappingRunner } from './mappings/mapping-runner.ts'
import type { MappingStore } from './mappings/mapping-store.ts'

/** What Lambda needs of the world. */
export type LambdaParts = {
  readonly place: Place
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly catalog: Catalog
  readonly streams: StreamReader
  /** What roles of functions may do. @default everything */
  readonly roles?: RoleAccess | undefined
  /** Where batches go that were given up; undefined where there is no folder for buckets. */
  readonly objects: ObjectStore | undefined
  /** Where AWS's metrics of Lambda are counted (namespace `AWS/Lambda`). */
  readonly metrics: MetricSink
  readonly definitions: ReadonlyMap<string, FunctionDefinition>
  /** Where handlers reach this server; undefined before it listens. */
  readonly endpointUrl: () => string | undefined
  /** Where functions get the keys of their roles; undefined where any will do. */
  readonly roleSessions?: RoleSessions | undefined
  /** Reads of a shard that a mapping shares with others are so far apart at least, in milliseconds. */
  readonly pollMs: number
  /** How long a mapping is Creating, Enabling, Disabling, Updating or Deleting at least, in milliseconds. */
  readonly transitionMs: number
  /** Who runs a function. @default processes of its own, or its URL */
  readonly invokerOf?: InvokerOf
}

/** What an operation of Lambda works with. */
export type LambdaContext = LambdaParts & {
  readonly functions: FunctionTable
  readonly invocations: Invocations
  readonly mappings: MappingStore
  readonly runner: MappingRunner
}
