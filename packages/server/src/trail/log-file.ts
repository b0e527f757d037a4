import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Random } from '@millrace/ports'
import type { Place } from '../core/arn.ts'

/*
 * A log file as AWS keeps them, gzip over one JSON object:
 *
 *   AWSLogs/ACCT/CloudTrail/REGION/YYYY/MM/DD/ACCT_CloudTrail_REGION_YYYYMMDDTHHmmZ_UNIQUE.json.gz
 *   {"Records":[record,record,…]}
 */

/** UNIQUE: so many letters and digits. */
const uniqueLength = 16
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** The name of a log file that is closed now. */
export function logFileName({ accountId, region }: Place, nowMs: number, random: Random): string {
  const minute = new Date(nowMs).toISOString().replace(/[-:]/g, '').slice(0, 13)
  return `${accountId}_CloudTrail_${region}_${minute}Z_${uniqueOf(random)}.json.gz`
}

/** 62 letters and digits, each as likely as the others: bytes above the largest multiple of 62 are drawn again. */
function uniqueOf(random: Random): string {
  let text = ''
  while (text.length < uniqueLength)
    for (const byte of random.bytes(uniqueLength))
      if (byte < 248 && text.length < uniqueLength) text += letters[byte % 62]
  return text
}

/** Where a log file is put: all of it stands in its name. Undefined if that is none. */
export function logFileKey(name: string): string | undefined {
  const [, accountId, region, year, month, day] =
    /^(\d{12})_CloudTrail_([a-z\d-]+)_(\d{4})(\d\d)(\d\d)T\d{4}Z_[A-Za-z\d]{16}\.json\.gz$/.exec(name) ?? []
  if (accountId === undefined) return undefined
  return `AWSLogs/${accountId}/CloudTrail/${region}/${year}/${month}/${day}/${name}`
}

export type LogFileContent = {
  readonly gzip: Buffer
  readonly records: number
  /** Lines that were no records: half written when the machine went down. */
  readonly damagedLines: number
}

const compress = promisify(gzip)
const newline = 0x0a
const comma = 0x2c

/** Lines of JSON → the log file's bytes. */
export async function logFileOf(lines: Buffer): Promise<LogFileContent> {
  const sound: Buffer[] = []
  let damagedLines = 0
  let records = 0
  for (let at = 0; at < lines.length; ) {
    const found = lines.indexOf(newline, at)
    const end = found < 0 ? lines.length : found
    const line = lines.subarray(at, end)
    at = end + 1
    if (isRecord(line)) {
      if (records++ > 0) sound.push(Buffer.of(comma))
      sound.push(line)
    } else damagedLines++
  }
  const json = Buffer.concat([Buffer.from('{"Records":['), ...sound, Buffer.from(']}')])
  return { gzip: await compress(json), records, damagedLines }
}

function isRecord(line: Buffer): boolean {
  try {
    const value: unknown = JSON.parse(line.toString())
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}
