import type { StreamReader } from '../../../core/ports/streams.ts'
import { RoleStreamReader } from '../../../core/role-stream-reader.ts'
import { actorOf } from '../access.ts'
import type { FirehoseContext } from '../context.ts'
import { ErrorLog, errorLogsOf } from '../delivery/error-log.ts'
import { type DeliverySource, type DeliveryStream, logIdOf } from '../delivery-stream.ts'
import { kinesisAccessDenied, recordsGone, streamRecordsGone } from '../faults.ts'
import { KinesisSource } from './kinesis-source.ts'
import { PutSource } from './put-source.ts'
import type { Source } from './source.ts'

export function sourceOf(context: FirehoseContext, stream: DeliveryStream): Source {
  const tell = tellerOf(context, stream)
  const tellGone = (fault: Fault, recordCount: number) => {
    context.counts.of(logIdOf(stream)).failedRecords += recordCount
    tell('records of a delivery stream are gone before they were delivered', fault)
  }
  switch (stream.source.type) {
    case 'DirectPut':
      return new PutSource(context, stream, (recordCount) => tellGone(recordsGone(recordCount), recordCount))
    case 'KinesisStreamAsSource': {
      const { startMs, streamArn } = stream.source
      const streams = readerOf(context, stream, stream.source, tell)
      const onGone = (shardId: string, recordCount: number | undefined) =>
        tellGone(streamRecordsGone(shardId, recordCount), recordCount ?? 0)
      return new KinesisSource({ ...context, streams, onGone }, { name: stream.name, streamArn, startMs })
    }
  }
}

type KinesisStreamAsSource = Extract<DeliverySource, { readonly type: 'KinesisStreamAsSource' }>

/** Reads a stream as the role may that was given for it. Where it may not, that is told. */
function readerOf(
  context: FirehoseContext,
  { name }: DeliveryStream,
  { roleArn, streamArn }: KinesisStreamAsSource,
  tell: Teller,
): StreamReader {
  const { clock, roles, streams } = context
  if (!roles) return streams
  const onRefused = (reason: string, isNews: boolean) => {
    if (isNews) tell('a delivery stream may not read its stream, and waits', kinesisAccessDenied, reason)
  }
  return new RoleStreamReader({ streams, roles, clock, actor: actorOf(name, roleArn), sourceArn: streamArn, onRefused })
}

type Fault = { readonly code: string; readonly message: string }
type Teller = (line: string, fault: Fault, reason?: string) => void

/** Tells what is wrong with a source: in the server's log, in `millrace deliveries`, and in the error log. */
function tellerOf(context: FirehoseContext, stream: DeliveryStream): Teller {
  const { clock, counts, logEvents, logger } = context
  const { errorLog: target } = errorLogsOf(context, stream)
  const errorLog = logEvents && target && new ErrorLog(logEvents, clock, target)
  return (line, { code, message }, reason = message) => {
    logger.log('error', line, { deliveryStream: stream.name, reason })
    counts.of(logIdOf(stream)).lastError = { atMs: clock.nowMs(), code, message }
    errorLog?.put({ errorCode: code, message })
  }
}
