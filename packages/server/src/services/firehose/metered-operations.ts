import type { Operation } from '../../core/operation.ts'
import type { FirehoseContext } from './context.ts'
import { count } from './metrics.ts'

/** Operations that AWS measures → what their metrics are called. */
const prefixes = {
  PutRecord: 'PutRecord',
  PutRecordBatch: 'PutRecordBatch',
  DescribeDeliveryStream: 'DescribeDeliveryStream',
  ListDeliveryStreams: 'ListDeliveryStreams',
  UpdateDestination: 'UpdateDeliveryStream',
} as const

/**
 * Counts an operation's requests and how long they take, those that fail as well; of delivery streams that are not there
 * nothing is counted, so that a client cannot fill the memory with names.
 */
export function metered<Input>(operation: Operation<FirehoseContext, Input>): Operation<FirehoseContext, Input> {
  const prefix = prefixes[operation.name as keyof typeof prefixes]
  if (!prefix) return operation
  return {
    ...operation,
    async handle(context, input, call) {
      const { clock, deliveryStreams, metrics } = context
      const startedMs = clock.monotonicMs()
      try {
        return await operation.handle(context, input, call)
      } finally {
        const { DeliveryStreamName: name } = input as { readonly DeliveryStreamName?: string }
        if (name === undefined || deliveryStreams.find(name)) {
          count(metrics, name, `${prefix}.Requests`, 1)
          count(metrics, name, `${prefix}.Latency`, clock.monotonicMs() - startedMs)
        }
      }
    },
  }
}
