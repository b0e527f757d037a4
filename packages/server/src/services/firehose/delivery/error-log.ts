import type { Clock } from '@millrace/ports'
import type { LogEvents } from '../../../core/ports/log-events.ts'
import { TokenBucket } from '../../../core/token-bucket.ts'
import type { FirehoseContext } from '../context.ts'
import type { DeliveryStream } from '../delivery-stream.ts'
import { deliveryStreamArn } from '../delivery-stream-view.ts'
import { destinationName } from '../destination-name.ts'
import type { S3Settings } from '../settings/settings.ts'

/** Where the errors of a delivery are told. */
export type ErrorLogTarget = {
  readonly logGroup: string
  readonly logStream: string
  /** What stands in each entry. */
  readonly facts: Readonly<Record<string, unknown>>
}

export type LoggedError = {
  readonly errorCode: string
  readonly message: string
  /** ARN of the function that processed the record. */
  readonly processor?: string | undefined
}

/** A failing destination is told of once a second, after the first few. */
const entriesPerSecond = 1
const entriesAtOnce = 20

/** Of what a destination answered. */
const messageCharsMax = 8192

/**
 * One error log of a delivery stream, in AWS's form [docs: "Monitor Amazon Data Firehose using CloudWatch Logs"]: a JSON
 * object with `deliveryStreamARN`, `destination`, `deliveryStreamVersionId`, `message`, `errorCode`, `processor`. Ours is
 * `suppressed`: how many entries were left out before this one.
 */
export class ErrorLog {
  readonly #logEvents: LogEvents
  readonly #clock: Clock
  readonly #target: ErrorLogTarget
  readonly #rate: TokenBucket
  #suppressed = 0

  constructor(logEvents: LogEvents, clock: Clock, target: ErrorLogTarget) {
    this.#logEvents = logEvents
    this.#clock = clock
    this.#target = target
    this.#rate = new TokenBucket(clock, entriesPerSecond, entriesAtOnce)
  }

  put({ errorCode, message, processor }: LoggedError): void {
    if (!this.#rate.take(1)) {
      this.#suppressed++
      return
    }
    const { facts, logGroup, logStream } = this.#target
    const entry = {
      ...facts,
      message: message.slice(0, messageCharsMax),
      errorCode,
      processor,
      ...(this.#suppressed > 0 && { suppressed: this.#suppressed }),
    }
    this.#suppressed = 0
    this.#logEvents.put(logGroup, logStream, { timestampMs: this.#clock.nowMs(), message: JSON.stringify(entry) })
  }
}

type LoggingOptions = S3Settings['CloudWatchLoggingOptions']

/** The error logs that the settings ask for: of the destination, and of the backup. */
export function errorLogsOf({ place }: Pick<FirehoseContext, 'place'>, stream: DeliveryStream) {
  const { destination, name, version } = stream
  const { S3BackupConfiguration, S3Configuration, CloudWatchLoggingOptions } =
    destination.settings as typeof destination.settings & Backups
  const target = (options: LoggingOptions, to: string, logStream: string): ErrorLogTarget | undefined =>
    options?.Enabled
      ? {
          facts: {
            deliveryStreamARN: deliveryStreamArn(place, name),
            destination: to,
            deliveryStreamVersionId: version,
          },
          // What AWS's console fills in; who leaves them out on AWS is refused or not: unknown.
          logGroup: options.LogGroupName || `/aws/kinesisfirehose/${name}`,
          logStream: options.LogStreamName || logStream,
        }
      : undefined
  const backup = S3BackupConfiguration ?? S3Configuration
  return {
    errorLog: target(CloudWatchLoggingOptions, destinationName(destination), 'DestinationDelivery'),
    backupLog: backup && target(backup.CloudWatchLoggingOptions, backup.BucketARN, 'BackupDelivery'),
  }
}

type Backups = { readonly S3Configuration?: S3Settings; readonly S3BackupConfiguration?: S3Settings }
