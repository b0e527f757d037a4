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
      const { startMs, streamArn } = stream.source
      return new KinesisSource(context, { name: stream.name, streamArn, startMs })
    }
  }
}
