/*
 * Lines of syslog (RFC 3164), as they stand in a file or come over the wire, also with the precise time of newer daemons:
 *
 *   [<PRI>]Oct 11 22:14:15 host program[pid]: message
 *   [<PRI>]2026-05-06T07:08:09.123456+00:00 host program[pid]: message
 */

const time =
  '[A-Z][a-z]{2} +\\d{1,2} (?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60)(?:[.,:]\\d+)?|' +
  '\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(?:\\.\\d+)?(?:Z|[+-]\\d{2}:\\d{2})'
const pattern = new RegExp(
  `^(?:<\\d{1,3}>)?(${time}) (?:<\\d+\\.\\d+> )?([\\w.:-]+) ([\\w./%@()-]+?)(?:\\[(\\d+)\\])?: ?(.*)$`,
)
const months = /^(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +([1-9]|0[1-9]|[12]\d|3[01]) |^\d/

export type SyslogLine = {
  readonly timestamp: string
  readonly hostname: string
  readonly program: string
  readonly processid: string | undefined
  readonly message: string
}

/** Undefined for what is no such line. */
export function syslogLine(line: string): SyslogLine | undefined {
  const found = pattern.exec(line)
  if (!found || !months.test(found[1]!)) return undefined
  const [, timestamp, hostname, program, processid, message] = found as unknown as string[]
  return { timestamp: timestamp!, hostname: hostname!, program: program!, processid, message: message! }
}
