import { isAbsolute } from 'node:path'
import { globFault } from '../files/glob.ts'
import { javaPattern, type Pattern } from '../processing/java-pattern.ts'
import { ConfigReader } from './config-reader.ts'
import { type ProcessingStep, readProcessingStep } from './processing-config.ts'

/** One flow: files, and where their records go. Times are in milliseconds. */
export type Flow = {
  /** Names the flow in the checkpoints and in log lines: service, destination and files. */
  readonly id: string
  readonly filePattern: string
  readonly destination: Destination
  readonly initialPosition: 'START_OF_FILE' | 'END_OF_FILE'
  readonly batch: { readonly ageMs: number; readonly bytesMax: number; readonly recordsMax: number }
  /** Prepared batches, sent or not, over all files of the flow. */
  readonly batchesMax: number
  readonly pollMs: number
  readonly refreshMs: number
  readonly retry: { readonly initialMs: number; readonly maxMs: number }
  readonly skipHeaderLines: number
  readonly truncatedRecordTerminator: Uint8Array
  readonly multiLineStart: Pattern | undefined
  readonly fileFooter: Pattern | undefined
  /** Firehose: converted records are put together up to this size; 0 leaves each alone. */
  readonly aggregatedRecordBytes: number
  readonly processing: readonly ProcessingStep[]
}

export type Destination =
  | { readonly kind: 'stream'; readonly name: string; readonly partitionKey: 'RANDOM' | 'DETERMINISTIC' }
  | { readonly kind: 'delivery stream'; readonly name: string }

/** AWS's limits on one record and one call. */
const serviceLimits = {
  // The partition key counts too; a random one has 20 characters or fewer, a digest 32.
  stream: { recordBytesMax: 1024 * 1024 - 32, batchBytesMax: 5 * 1024 * 1024 },
  'delivery stream': { recordBytesMax: 1000 * 1024, batchBytesMax: 4 * 1024 * 1024 },
} as const

export const recordBytesMaxOf = (flow: Pick<Flow, 'destination'>) => serviceLimits[flow.destination.kind].recordBytesMax

const waitRange = { min: 1000, max: 15 * 60_000 }
const milliseconds = { min: 1, max: Number.MAX_SAFE_INTEGER }
const lines = { min: 0, max: Number.MAX_SAFE_INTEGER }

export function readFlow(value: unknown, where: string, faults: string[], warnings: string[]): Flow {
  const reader = new ConfigReader(value, where, faults, warnings)
  const filePattern = pathPattern(reader)
  const destination = readDestination(reader)
  const { recordBytesMax, batchBytesMax } = serviceLimits[destination.kind]
  const initialMs = reader.integer('retryInitialBackoffMillis', 100, milliseconds)
  const flow: Flow = {
    id: `${destination.kind === 'stream' ? 'kinesis' : 'fh'}:${destination.name}:${filePattern}`,
    filePattern,
    destination,
    initialPosition: reader.oneOf('initialPosition', ['START_OF_FILE', 'END_OF_FILE']) ?? 'END_OF_FILE',
    batch: {
      ageMs: reader.integer('maxBufferAgeMillis', 1000, waitRange),
      bytesMax: reader.integer('maxBufferSizeBytes', batchBytesMax, { min: 1, max: batchBytesMax }),
      recordsMax: reader.integer('maxBufferSizeRecords', 500, { min: 1, max: 500 }),
    },
    batchesMax: reader.integer('publishQueueCapacity', 100, { min: 1, max: 100_000 }),
    pollMs: reader.integer('minTimeBetweenFilePollsMillis', 100, milliseconds),
    refreshMs: reader.integer('maxTimeBetweenFileTrackerRefreshMillis', 10_000, milliseconds),
    retry: { initialMs, maxMs: reader.integer('retryMaxBackoffMillis', Math.max(10_000, initialMs), milliseconds) },
    skipHeaderLines: reader.integer('skipHeaderLines', 0, lines),
    truncatedRecordTerminator: terminator(reader, recordBytesMax),
    multiLineStart: pattern(reader, 'multiLineStartPattern'),
    fileFooter: pattern(reader, 'fileFooterPattern'),
    aggregatedRecordBytes:
      destination.kind === 'stream'
        ? 0
        : reader.integer('aggregatedRecordSizeBytes', 0, { min: 0, max: recordBytesMax }),
    processing: reader
      .list('dataProcessingOptions')
      .map((option, i) => readProcessingStep(option, `${where}dataProcessingOptions[${i}].`, faults, warnings)),
  }
  if (flow.retry.maxMs < initialMs) reader.fault('retryMaxBackoffMillis', 'must not be less than the initial one')
  if (destination.kind === 'stream') reader.ignore(['aggregatedRecordSizeBytes'], 'it is for delivery streams')
  reader.ignore(
    ['waitOnFullPublishQueueMillis', 'waitOnEmptyPublishQueueMillis', 'waitOnFullRetryQueueMillis'],
    'nothing here waits by the clock for room: whoever waits is woken',
  )
  reader.ignore(['log.emitInternalMetrics'], 'the status line has them')
  reader.finish()
  return flow
}

function pathPattern(reader: ConfigReader): string {
  const text = reader.required('filePattern')
  if (text === '') return text
  const fault = !isAbsolute(text) && !text.includes('/') ? 'must have a directory' : globFault(text)
  if (fault !== undefined) reader.fault('filePattern', `${fault}: ${JSON.stringify(text)}`)
  return text
}

function readDestination(reader: ConfigReader): Destination {
  const stream = reader.string('kinesisStream')
  const deliveryStream = reader.string('deliveryStream')
  const partitionKey = reader.oneOf('partitionKeyOption', ['RANDOM', 'DETERMINISTIC'])
  if (stream !== undefined && deliveryStream !== undefined)
    reader.fault('', 'must have kinesisStream or deliveryStream, not both')
  else if (!stream && !deliveryStream) reader.fault('', 'must have a kinesisStream or a deliveryStream')
  const name = stream ?? deliveryStream ?? ''
  if (name !== '' && !/^[a-zA-Z0-9_.-]{1,128}$/.test(name) && !name.startsWith('arn:'))
    reader.fault(
      stream === undefined ? 'deliveryStream' : 'kinesisStream',
      `must be 1 to 128 letters, digits, _, . or -, not ${JSON.stringify(name)}`,
    )
  if (stream === undefined && deliveryStream !== undefined) {
    if (partitionKey !== undefined) reader.ignore(['partitionKeyOption'], 'delivery streams have no partition keys')
    return { kind: 'delivery stream', name }
  }
  return { kind: 'stream', name, partitionKey: partitionKey ?? 'RANDOM' }
}

function terminator(reader: ConfigReader, recordBytesMax: number): Uint8Array {
  const bytes = Buffer.from(reader.string('truncatedRecordTerminator') ?? '\n')
  if (bytes.length >= recordBytesMax) reader.fault('truncatedRecordTerminator', 'must be shorter than a record')
  return bytes
}

function pattern(reader: ConfigReader, key: string): Pattern | undefined {
  const text = reader.string(key)
  if (!text) return undefined
  try {
    return javaPattern(text)
  } catch (error) {
    return reader.fault(key, (error as Error).message)
  }
}
