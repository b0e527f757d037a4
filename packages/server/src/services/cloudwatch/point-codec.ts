import { Distribution, type Precision } from './distribution.ts'
import { Point } from './point.ts'
import type { SeriesId } from './series.ts'

/*
 * An entry of a log of data points, big-endian: a head that says of what time its points are, and points.
 *
 *   version:u8  firstS:u32  lastS:u32
 *
 *   point:   series:8 bytes  unit:u8  resolution and form:u8  startS:u32
 *     form 0, all values alike:       count:f64  value:f64
 *     form 1, values with counts:     count:f64  sum:f64  minimum:f64  maximum:f64
 *                                     precision:u8  length:u16  (value:f64  count:f64) × length
 *     form 2, a set:                  count:f64  sum:f64  minimum:f64  maximum:f64
 *
 *   resolution and form: 0x80 if the point is of a second, else of a minute; the lower bits are the form
 */

const version = 1
const headBytes = 9
const pointHeadBytes = 14
const secondFlag = 0x80

/** Where a point belongs: a series' data of one unit in one minute, or one second. */
export type Place = {
  readonly series: SeriesId
  /** A number of `units`. */
  readonly unit: number
  /** Seconds since 1970. */
  readonly startS: number
  readonly isSecond: boolean
}

export type Placed = Place & { readonly point: Point }

export function encodePoints(points: readonly Placed[]): Uint8Array {
  const bytes = Buffer.allocUnsafe(points.reduce((total, { point }) => total + sizeOf(point), headBytes))
  const times = points.map(({ startS }) => startS)
  let at = bytes.writeUInt8(version)
  at = bytes.writeUInt32BE(least(times), at)
  at = bytes.writeUInt32BE(most(times), at)
  for (const { series, unit, startS, isSecond, point } of points) {
    const form = formOf(point)
    at += bytes.write(series, at, 'hex')
    at = bytes.writeUInt8(unit, at)
    at = bytes.writeUInt8(form | (isSecond ? secondFlag : 0), at)
    at = bytes.writeUInt32BE(startS, at)
    at = bytes.writeDoubleBE(point.count, at)
    at = bytes.writeDoubleBE(form === 0 ? point.minimum : point.sum, at)
    if (form === 0) continue
    at = bytes.writeDoubleBE(point.minimum, at)
    at = bytes.writeDoubleBE(point.maximum, at)
    if (!point.distribution) continue
    at = bytes.writeUInt8(point.distribution.precision, at)
    at = bytes.writeUInt16BE(point.distribution.counts.size, at)
    for (const [value, count] of point.distribution.counts) {
      at = bytes.writeDoubleBE(value, at)
      at = bytes.writeDoubleBE(count, at)
    }
  }
  return bytes
}

/** Which series are looked for; by their first four bytes most others are passed without making an id of them. */
export type Wanted = { readonly ids: ReadonlySet<SeriesId>; readonly heads: ReadonlySet<number> }

export const wantedOf = (ids: ReadonlySet<SeriesId>): Wanted => ({
  ids,
  heads: new Set([...ids].map((id) => Number.parseInt(id.slice(0, 8), 16))),
})

/** The points of these series within a time, from `fromS` and before `endS`. An entry of another version has none. */
export function* decodePoints(
  entry: Uint8Array,
  { ids, heads }: Wanted,
  fromS: number,
  endS: number,
): Generator<Placed> {
  const bytes = Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength)
  if (bytes[0] !== version || bytes.readUInt32BE(1) >= endS || bytes.readUInt32BE(5) < fromS) return
  for (let at = headBytes; at < bytes.length; ) {
    const flags = bytes[at + 9]!
    const form = flags & ~secondFlag
    const startS = bytes.readUInt32BE(at + 10)
    const isLikely = startS >= fromS && startS < endS && heads.has(bytes.readUInt32BE(at))
    const series = isLikely ? bytes.toString('hex', at, at + 8) : ''
    if (isLikely && ids.has(series)) {
      const point = decodePoint(bytes, at + pointHeadBytes, form)
      yield { series, unit: bytes[at + 8]!, startS, isSecond: (flags & secondFlag) !== 0, point }
    }
    at += pointHeadBytes + (form === 0 ? 16 : form === 2 ? 32 : 35 + 16 * bytes.readUInt16BE(at + pointHeadBytes + 33))
  }
}

function decodePoint(bytes: Buffer, start: number, form: number): Point {
  const point = new Point()
  const number = (i: number) => bytes.readDoubleBE(start + 8 * i)
  if (form === 0) {
    point.addValue(number(1), number(0))
    return point
  }
  point.count = number(0)
  point.sum = number(1)
  point.minimum = number(2)
  point.maximum = number(3)
  point.distribution = form === 2 ? undefined : decodeDistribution(bytes, start + 32)
  return point
}

function decodeDistribution(bytes: Buffer, start: number): Distribution {
  const counts: [number, number][] = []
  const length = bytes.readUInt16BE(start + 1)
  for (let i = 0; i < length; i++)
    counts.push([bytes.readDoubleBE(start + 3 + 16 * i), bytes.readDoubleBE(start + 11 + 16 * i)])
  return new Distribution(bytes[start]! as Precision, counts)
}

function formOf({ distribution, minimum, maximum }: Point): 0 | 1 | 2 {
  if (!distribution) return 2
  return minimum === maximum ? 0 : 1
}

function sizeOf(point: Point): number {
  const form = formOf(point)
  return pointHeadBytes + (form === 0 ? 16 : form === 2 ? 32 : 35 + 16 * point.distribution!.counts.size)
}

const least = (numbers: readonly number[]) => numbers.reduce((a, b) => Math.min(a, b), 0xffffffff)
const most = (numbers: readonly number[]) => numbers.reduce((a, b) => Math.max(a, b), 0)
