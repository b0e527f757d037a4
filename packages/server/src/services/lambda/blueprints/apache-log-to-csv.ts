import { apacheLogLine } from './apache-log.ts'
import { csvLine, eachRecord, lineOf } from './firehose-event.ts'

/** Lines of Apache's access log → CSV: host, ident, authuser, timestamp, request, status, bytes, and referer, agent where they are. */
export const handler = eachRecord((data) => {
  const found = apacheLogLine(lineOf(data) ?? '')
  if (!found) return undefined
  const { agent, authuser, bytes, host, ident, referer, request, status, timestamp } = found
  const seen = referer === undefined ? [] : [referer, agent]
  return csvLine([host, ident, authuser, timestamp, request, status, bytes, ...seen])
})
