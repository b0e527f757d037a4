import { LineScanner } from './line-scanner.ts'
import type { LineFormat } from './log-to-json.ts'

/*
 * The lines that syslog daemons write:
 *
 *   RFC 3164     month day time host program[pid]: message
 *   RFC 3339     the same, the time as 2026-11-21T10:20:30.123456+01:00
 *
 * Some put `<facility.severity>` behind the time; it is passed over.
 */

const traditionalTime =
  /(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* +(?:[12]\d|3[01]|0?[1-9]) +(?:2[0-3]|[01]?\d):[0-5]\d:[0-5]?\d(?:[.,]\d+)?/y
const rfc3339Time = /\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:?\d{2})/y
const facility = /<\d+\.\d+> /y
const host = /[\w.:-]+/y
const program = /[\w./%-]+/y
const pid = /[1-9]\d*/y

function formatWith(time: RegExp): LineFormat {
  return {
    fields: ['timestamp', 'hostname', 'program', 'processid', 'message'],
    parse(line) {
      const scanner = new LineScanner(line)
      const timestamp = scanner.take(time)
      if (timestamp === undefined || !scanner.skip(' ')) return undefined
      scanner.take(facility)
      const hostname = scanner.take(host)
      if (hostname === undefined || !scanner.skip(' ')) return undefined
      const name = scanner.take(program)
      const processId = scanner.skip('[') ? scanner.take(pid) : null
      if (name === undefined || processId === undefined) return undefined
      if (!scanner.skip(processId === null ? ': ' : ']: ')) return undefined
      return [timestamp, hostname, name, processId, scanner.rest]
    },
  }
}

export const syslog = formatWith(traditionalTime)
export const rfc3339Syslog = formatWith(rfc3339Time)
