import { gunzipSync } from 'node:zlib'
import { dropped, eachRecord } from './firehose-event.ts'

/** What a subscription sends is far smaller; more is no log, but a bomb. */
const messageBytesMax = 16 * 1024 * 1024

/**
 * What a subscription of CloudWatch Logs sends (gzip, JSON with many log events) → the messages of the events, each with a
 * newline behind it. Messages that control the subscription are dropped.
 */
export const handler = eachRecord((data) => {
  const message = messageOf(data)
  if (message?.messageType === 'CONTROL_MESSAGE') return dropped
  const events = message?.messageType === 'DATA_MESSAGE' ? message.logEvents : undefined
  if (!Array.isArray(events)) return undefined
  const texts = events.map((event) => (event as { readonly message?: unknown } | null)?.message)
  return texts.every((text) => typeof text === 'string') ? texts.map((text) => `${text}\n`).join('') : undefined
})

function messageOf(data: Buffer): { readonly messageType?: unknown; readonly logEvents?: unknown } | undefined {
  try {
    return JSON.parse(gunzipSync(data, { maxOutputLength: messageBytesMax }).toString())
  } catch {
    return undefined
  }
}
