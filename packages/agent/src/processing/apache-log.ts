import { LineScanner } from './line-scanner.ts'
import type { LineFormat } from './log-to-json.ts'

/*
 * Apache httpd's log formats (https://httpd.apache.org/docs/2.4/logs.html):
 *
 *   common      host ident authuser [day/month/year:hour:minute:second zone] "request" status bytes
 *   combined    the same, then "referer" "agent"
 *   error       [weekday month day time year] [module:level] [pid N:tid N] [client address] message
 *
 * What follows the last field is not looked at, as AWS's agent does.
 */

const commonFields = ['host', 'ident', 'authuser', 'datetime', 'request', 'response', 'bytes']

export const commonApacheLog: LineFormat = { fields: commonFields, parse: (line) => common(new LineScanner(line)) }

export const combinedApacheLog: LineFormat = {
  fields: [...commonFields, 'referer', 'agent'],
  parse(line) {
    const scanner = new LineScanner(line)
    const values = common(scanner)
    if (!values || !scanner.skip(' ')) return undefined
    const referer = quoted(scanner)
    if (referer === undefined || !scanner.skip(' ')) return undefined
    const agent = quoted(scanner)
    return agent === undefined ? undefined : [...values, referer, agent]
  },
}

const host = /[\w.:-]+/y
const user = /[\w.@\\-]+/y
const dateTime = /\d{1,2}\/[A-Z][a-z]{2}\/\d{4}:\d{2}:\d{2}:\d{2} [+-]\d{4}(?=\])/y
const numberOrDash = /\d+|-/y

function common(scanner: LineScanner): string[] | undefined {
  const values: string[] = []
  for (const expression of [host, user, user]) {
    const value = scanner.take(expression)
    if (value === undefined || !scanner.skip(' ')) return undefined
    values.push(value)
  }
  const time = scanner.skip('[') ? scanner.take(dateTime) : undefined
  if (time === undefined || !scanner.skip('] ')) return undefined
  const request = quoted(scanner)
  const status = scanner.skip(' ') ? scanner.take(numberOrDash) : undefined
  const bytes = scanner.skip(' ') ? scanner.take(numberOrDash) : undefined
  if (request === undefined || status === undefined || bytes === undefined) return undefined
  return [...values, time, request, status, bytes]
}

/** Between quotes, not empty; httpd writes a quote within as `\"`. */
function quoted(scanner: LineScanner): string | undefined {
  if (!scanner.skip('"')) return undefined
  const text = scanner.take(/(?:[^"\\]|\\.)+/sy)
  return text !== undefined && scanner.skip('"') ? text : undefined
}

const word = /\w+/y
const digits = /\d+/y
const weekdayTime = /[A-Z][a-z]{2,8} +[A-Z][a-z]{2,8} +\d{1,2} +\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)? +\d{4}(?=\])/y

export const apacheErrorLog: LineFormat = {
  fields: ['timestamp', 'module', 'severity', 'processid', 'threadid', 'client', 'message'],
  parse(line) {
    const scanner = new LineScanner(line)
    const time = scanner.skip('[') ? scanner.take(weekdayTime) : undefined
    if (time === undefined || !scanner.skip('] [')) return undefined
    const first = scanner.take(word)
    const second = scanner.skip(':') ? scanner.take(word) : undefined
    if (first === undefined || !scanner.skip('] [pid ')) return undefined
    const pid = scanner.take(digits)
    const tid = scanner.skip(':tid ') ? scanner.take(digits) : undefined
    if (pid === undefined || !scanner.skip('] [client ')) return undefined
    const client = scanner.until('] ')
    if (!client) return undefined
    const [module, severity] = second === undefined ? [null, first] : [first, second]
    return [time, module, severity, pid, tid ?? null, client, scanner.rest]
  },
}
