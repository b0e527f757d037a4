import { eachRecord, lineOf } from './firehose-event.ts'
import { syslogLine } from './syslog.ts'

/** Lines of syslog → JSON objects: timestamp, hostname, program, processid (where there is one), message. */
export const handler = eachRecord((data) => {
  const found = syslogLine(lineOf(data) ?? '')
  return found && JSON.stringify(found)
})
