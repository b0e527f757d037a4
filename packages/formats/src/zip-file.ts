import assert from 'node:assert/strict'
import { createGzip } from 'node:zlib'
import { throughZlib } from './zlib-stream.ts'

/*
 * A ZIP archive with one file in it [APPNOTE 6.3, little-endian]:
 *
 *   local header     signature:u32 = "PK\3\4"  needed:u16 = 20  flags:u16 = 0  method:u16 = 8  time:u16  date:u16
 *                    crc32:u32  compressed:u32  size:u32  nameLength:u16  extraLength:u16 = 0  name[nameLength]
 *   the file         deflate[compressed]
 *   directory        signature:u32 = "PK\1\2"  madeBy:u16 = 20  (needed … extraLength, as above)  commentLength:u16 = 0
 *                    disk:u16 = 0  internal:u16 = 0  external:u32 = 0  headerOffset:u32 = 0  name[nameLength]
 *   end              signature:u32 = "PK\5\6"  disk:u16 = 0  directoryDisk:u16 = 0  entriesHere:u16 = 1  entries:u16 = 1
 *                    directoryBytes:u32  directoryOffset:u32  commentLength:u16 = 0
 *
 * What gzip makes (RFC 1952) has the same deflate in it, and the same two numbers behind it, made by zlib's threads:
 *
 *   header[10]  deflate  crc32:u32  size:u32
 */

const gzipHeaderBytes = 10
const gzipTrailerBytes = 8

export type ZipEntry = {
  /** ASCII. */
  readonly name: string
  /** When the file was last changed, in milliseconds since 1970; ZIP knows times from 1980 to 2107. */
  readonly atMs: number
  /** Of deflate, 1 to 9. */
  readonly level: number
}

/** An archive of one file, in pieces. The file may have up to 4 GiB. */
export async function zipped(parts: Iterable<Uint8Array>, { name, atMs, level }: ZipEntry): Promise<Buffer[]> {
  const gzip = Buffer.concat(await throughZlib((options) => createGzip({ ...options, level }), parts))
  const deflated = gzip.subarray(gzipHeaderBytes, -gzipTrailerBytes)
  const trailer = gzip.subarray(-gzipTrailerBytes)
  assert(deflated.byteLength < 2 ** 32, 'one file has less than 4 GiB')

  const described = Buffer.alloc(26) // needed … extraLength
  described.writeUInt16LE(20, 0)
  described.writeUInt16LE(8, 4)
  described.writeUInt32LE(dosTime(atMs), 6)
  trailer.copy(described, 10, 0, 4)
  described.writeUInt32LE(deflated.byteLength, 14)
  trailer.copy(described, 18, 4, 8)
  described.writeUInt16LE(name.length, 22)

  const nameBytes = Buffer.from(name, 'ascii')
  const header = Buffer.concat([Buffer.from('PK\x03\x04'), described, nameBytes])
  const directory = Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), described, Buffer.alloc(14), nameBytes])
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(directory.byteLength, 12)
  end.writeUInt32LE(header.byteLength + deflated.byteLength, 16)
  return [header, deflated, directory, end]
}

/** `date:u16 time:u16` as one number: years since 1980, month, day; hour, minute, second in steps of two. UTC. */
function dosTime(atMs: number): number {
  const at = new Date(Math.min(Math.max(atMs, Date.UTC(1980, 0, 1)), Date.UTC(2107, 11, 31)))
  const date = ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate()
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1)
  return date * 2 ** 16 + time
}
