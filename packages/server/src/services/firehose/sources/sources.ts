import { RoleStreamReader } from '../../../core/role-stream-reader.ts'
import { actorOf } from '../access.ts'
import type { FirehoseContext } from '../context.ts'
import type { DeliveryStream } from '../delivery-stream.ts'
import { KinesisSource } from './kinesis-source.ts'
import { PutSource } from './put-source.ts'
import type { Source } from './source.ts'

export function sourceOf(context: FirehoseContext, stream: DeliveryStream): Source {
  switch (stream.source.type) {
    case 'DirectPut':
      return new PutSource(context, stream)
    case 'KinesisStreamAsSource': {
      const { roleArn, startMs, streamArn } = stream.source
      const { roles } = context
      const actor = actorOf(stream.name, roleArn)
      const streams = roles ? new RoleStreamReader(context.streams, roles, actor, streamArn) : context.streams
      return new KinesisSource({ ...context, streams }, { name: stream.name, streamArn, startMs })
    }
  }
}
