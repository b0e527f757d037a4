/*
 * An aggregated record, as the Kinesis Producer Library makes it (awslabs/amazon-kinesis-producer, aggregation-format.md):
 *
 *   magic: F3 89 9A C2   message   md5(message):16
 *
 * The message is protobuf 2; a writer puts fields in the order of their numbers, a reader takes them in any:
 *
 *   AggregatedRecord   1: repeated string partition_key_table
 *                      2: repeated string explicit_hash_key_table
 *                      3: repeated Record records
 *   Record             1: required uint64 partition_key_index
 *                      2: optional uint64 explicit_hash_key_index
 *                      3: required bytes data
 *                      4: repeated Tag tags
 *   Tag                1: required string key      2: optional string value
 *
 *   field    = (number << 3 | type):varint   value
 *   type 0   varint            type 1   8 bytes      type 5   4 bytes
 *   type 2   length:varint bytes[length]             types 3 and 4   a group's begin and end
 *   varint   seven bits in each byte, the low ones first; the top bit says that another byte follows; at most 10
 */

export const magic = Uint8Array.of(0xf3, 0x89, 0x9a, 0xc2)
export const digestLength = 16

/** What an aggregate has besides its message, in bytes. */
export const frameLength = magic.length + digestLength

/** The fields that a writer uses, as they stand in front of their values. */
export const tag = {
  partitionKeyTable: 0x0a,
  explicitHashKeyTable: 0x12,
  record: 0x1a,
  partitionKeyIndex: 0x08,
  explicitHashKeyIndex: 0x10,
  data: 0x1a,
  tags: 0x22,
  tagKey: 0x0a,
} as const

/** Whether `bytes` begins as an aggregate does, and is long enough to be one. Says nothing of the rest. */
export const hasMagic = (bytes: Uint8Array): boolean =>
  bytes[0] === 0xf3 &&
  bytes[1] === 0x89 &&
  bytes[2] === 0x9a &&
  bytes[3] === 0xc2 &&
  bytes.byteLength > magic.length + digestLength

/** What lies between an aggregate's magic and its digest, and is digested. */
export const messageOf = (aggregate: Uint8Array): Uint8Array =>
  aggregate.subarray(magic.length, aggregate.byteLength - digestLength)

/** Bytes of a varint; `value` is below 2^35. */
export const varintLength = (value: number): number =>
  value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5

/** Writes a varint of a number below 2^31, and returns where it ends. */
export function writeVarint(bytes: Uint8Array, start: number, value: number): number {
  let at = start
  let rest = value
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  bytes[at++] = rest
  return at
}
