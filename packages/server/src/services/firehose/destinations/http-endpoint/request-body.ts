import type { DeliveryRecord } from '../../delivery/delivery-record.ts'

/*
 * {"requestId":"…","timestamp":1578090901599,"records":[{"data":"aGVsbG8="},{"data":"aGVsbG8gd29ybGQ="}]}
 *
 * Its size is known before it is written: up to 64 MB of records are put into one piece of memory, once.
 */

const opening = '{"data":"'
const closing = '"}'

/** @param timestampMs when the request was made, in whole milliseconds since 1970 */
export function requestBody(requestId: string, timestampMs: number, records: readonly DeliveryRecord[]): Buffer {
  const head = `{"requestId":${JSON.stringify(requestId)},"timestamp":${timestampMs},"records":[`
  const tail = ']}'
  let sizeBytes = head.length + tail.length + Math.max(0, records.length - 1)
  for (const { data } of records) sizeBytes += opening.length + base64Length(data.byteLength) + closing.length
  const body = Buffer.allocUnsafe(sizeBytes)
  let at = body.write(head, 'latin1')
  for (const [index, { data }] of records.entries()) {
    at += body.write(index === 0 ? opening : `,${opening}`, at, 'latin1')
    at += body.write(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'), at, 'latin1')
    at += body.write(closing, at, 'latin1')
  }
  body.write(tail, at, 'latin1')
  return body
}

const base64Length = (bytes: number) => 4 * Math.ceil(bytes / 3)
