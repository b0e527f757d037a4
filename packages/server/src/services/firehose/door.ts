import type { ServiceFace } from '../../core/operation.ts'

/* What is known of Firehose before its code is loaded. */

export const face: ServiceFace = {
  ...{ name: 'firehose', targetPrefix: 'Firehose_20150804' },
  throttledBy: 'ThrottlingException',
}

/** Where the catalog keeps the delivery streams: while there is one, something may be to deliver. */
export const deliveryStreamPrefix = 'delivery-stream/'
