import { csvLine, eachRecord, lineOf } from './firehose-event.ts'
import { syslogLine } from './syslog.ts'

/** Lines of syslog → CSV: timestamp, hostname, program, processid, message. */
export const handler = eachRecord((data) => {
  const found = syslogLine(lineOf(data) ?? '')
  return found && csvLine([found.timestamp, found.hostname, found.program, found.processid, found.message])
})
