export type { UserRecord } from '@millrace/formats'
export { type DataKey, type KeyContext, type KeyProvider, KmsKeys, LocalKeys } from '@millrace/ports'
export type { Checkpoint } from './checkpoint.ts'
export {
  type Checkpointer,
  InvalidCheckpointError,
  LeaseLostError,
  type Place,
  type PreparedCheckpoint,
} from './checkpointer.ts'
export { Consumer, type ConsumerClients } from './consumer.ts'
export { type DeduplicationStore, Deduplicator, MemoryDeduplicationStore } from './deduplicator.ts'
export {
  type DynamoDBDeduplicationOptions,
  DynamoDBDeduplicationStore,
} from './dynamodb-deduplication.ts'
export { ConfigurationError, configurationOf, type MultilangConfiguration } from './multilang/configuration.ts'
export { type DaemonParts, runMultilang } from './multilang/daemon.ts'
export { readProperties } from './multilang/properties.ts'
export type { ConsumerOptions, InitialPosition, ProcessorErrorAction, ProcessorFailure } from './options.ts'
export { type RecordDecryption, RecordDecryptionError } from './record-decryption.ts'
export type {
  InitializationInput,
  ProcessRecordsInput,
  RecordProcessor,
  RecordProcessorFactory,
  ShardInput,
} from './record-processor.ts'
export type { StreamRecord } from './record-stream.ts'
