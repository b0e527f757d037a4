import type { FirehoseContext } from '../context.ts'
import type { DeliveryStream } from '../delivery-stream.ts'
import { notDeliveredTo } from '../faults.ts'
import { PutSource } from './put-source.ts'
import type { Source } from './source.ts'

/** @throws InvalidArgumentException for a source that is not there */
export function sourceOf({ log }: FirehoseContext, stream: DeliveryStream): Source {
  switch (stream.source.type) {
    case 'DirectPut':
      return new PutSource(log, stream)
    case 'KinesisStreamAsSource':
      throw notDeliveredTo('a Kinesis stream as a source')
  }
}
