import type { FirehoseHandler } from './firehose-event.ts'

/** Gives each record back as it came: where transformations of your own begin. */
export const handler: FirehoseHandler = async ({ records }) => ({
  records: records.map(({ recordId, data }) => ({ recordId, result: 'Ok', data })),
})
