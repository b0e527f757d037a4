import { apacheLogLine } from './apache-log.ts'
import { eachRecord, lineOf } from './firehose-event.ts'

/** Lines of Apache's access log → JSON objects, by the names that AWS's blueprint uses; `referer` and `agent` where they are. */
export const handler = eachRecord((data) => {
  const found = apacheLogLine(lineOf(data) ?? '')
  if (!found) return undefined
  const { agent, authuser, bytes, host, ident, referer, request, status, time } = found
  const verb = /^(\S+) \S/.exec(request)?.[1]
  return JSON.stringify({
    ...{ host, ident, authuser },
    ...{ '@timestamp': time.local, '@timestamp_utc': time.utc, timezone: time.zone },
    ...{ request, verb, response: Number(status), bytes: bytes === '-' ? 0 : Number(bytes), referer, agent },
  })
})
