import { type DecodeOptions, type EncodeOptions, encode, Token, Type } from 'cborg'
import { hasRows } from '../../core/rows.ts'
import { wrongType } from '../../core/shapes.ts'
import { blobFromBytes, Epoch, parseItems } from './cbor.ts'
import { readCbor } from './cbor-reader.ts'
import { CborWriter } from './cbor-writer.ts'
import { validDate } from './json.ts'
import type { Protocol } from './protocol.ts'

/*
 * Smithy RPC v2 CBOR, which the newest SDKs speak to CloudWatch: `POST /service/{name}/operation/{name}` with the header
 * `smithy-protocol: rpc-v2-cbor`. Unlike AWS's older CBOR its timestamps (tag 1) are seconds, as the standard has them.
 */
export const rpcCbor: Protocol = {
  contentType: 'application/cbor',
  answerType: 'application/cbor',
  headers: { 'smithy-protocol': 'rpc-v2-cbor' },
  wire: { blob: blobFromBytes, timestamp: timestampFromSeconds },
  parse(body, shape) {
    // Puts have no timestamps, the only thing in which the two kinds of CBOR differ.
    const input = shape && readCbor(body, shape)
    if (input !== undefined) return () => input
    const value = body.length === 0 ? {} : parseItems(body, decodeOptions)
    return () => shape!.decode(value, rpcCbor.wire)
  },
  render(output) {
    if (output === undefined) return Buffer.alloc(0)
    return hasRows(output) ? writer.write(output, encodeItem) : Buffer.from(encodeItem(output))
  },
}

const encodeItem = (value: unknown): Uint8Array => encode(value, encodeOptions)

const secondsTokens = (epochMs: number) => [new Token(Type.tag, 1), new Token(Type.float, epochMs / 1000)]

/** Answers are written whole, one after the other: one writer does for all. */
const writer = new CborWriter((epochMs) => encodeItem(new Date(epochMs)))

const decodeOptions: DecodeOptions = { tags: { 1: (content: () => unknown) => new Epoch(content()) } }

const encodeOptions: EncodeOptions = {
  typeEncoders: { Date: (date: Date) => secondsTokens(date.getTime()) },
  mapSorter: () => 0,
  ignoreUndefinedProperties: true,
}

function timestampFromSeconds(value: unknown): Date {
  const seconds = value instanceof Epoch ? value.value : value
  if (typeof seconds !== 'number' && typeof seconds !== 'bigint') throw wrongType(seconds, 'timestamp')
  return validDate(Number(seconds) * 1000)
}
