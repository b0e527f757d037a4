import type { StreamReader } from '../../../core/ports.ts'
import { RoleStreamReader } from '../../../core/role-stream-reader.ts'
import { actorOf } from '../access.ts'
import type { FirehoseContext } from '../context.ts'
import { ErrorLog, errorLogsOf } from '../delivery/error-log.ts'
import { type DeliverySource, type DeliveryStream, logIdOf } from '../delivery-stream.ts'
import { kinesisAccessDenied } from '../faults.ts'
import { KinesisSource } from './kinesis-source.ts'
import { PutSource } from './put-source.ts'
import type { Source } from './source.ts'

export function sourceOf(context: FirehoseContext, stream: DeliveryStream): Source {
  switch (stream.source.type) {
    case 'DirectPut':
      return new PutSource(context, stream)
    case 'KinesisStreamAsSource': {
      const { startMs, streamArn } = stream.source
      const streams = readerOf(context, stream, stream.source)
      return new KinesisSource({ ...context, streams }, { name: stream.name, streamArn, startMs })
    }
  }
}

type KinesisStreamAsSource = Extract<DeliverySource, { readonly type: 'KinesisStreamAsSource' }>

/** Reads a stream as the role may that was given for it. Where it may not, that is told in the log, and in the error log. */
function readerOf(
  context: FirehoseContext,
  deliveryStream: DeliveryStream,
  { roleArn, streamArn }: KinesisStreamAsSource,
): StreamReader {
  const { clock, counts, logEvents, logger, roles, streams } = context
  if (!roles) return streams
  const { name } = deliveryStream
  const { errorLog: target } = errorLogsOf(context, deliveryStream)
  const errorLog = logEvents && target && new ErrorLog(logEvents, clock, target)
  const onRefused = (reason: string, isNews: boolean) => {
    if (!isNews) return
    const told = { code: 'Kinesis.AccessDenied', message: kinesisAccessDenied }
    logger.log('error', 'a delivery stream may not read its stream, and waits', { deliveryStream: name, reason })
    counts.of(logIdOf(deliveryStream)).lastError = { atMs: clock.nowMs(), ...told }
    errorLog?.put({ errorCode: told.code, message: told.message })
  }
  return new RoleStreamReader({ streams, roles, clock, actor: actorOf(name, roleArn), sourceArn: streamArn, onRefused })
}
