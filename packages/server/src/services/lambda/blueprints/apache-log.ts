/*
 * Lines of Apache's access log, in the common and the combined format:
 *
 *   host ident authuser [10/Oct/2000:13:55:36 -0700] "request" status bytes ["referer" "agent"]
 */

const quoted = '"((?:[^"\\\\]|\\\\.)*)"'
const pattern = new RegExp(
  // First of all: it is one line. Else what comes at the end of another would be looked for from each place of this one.
  `^(?=.*$)(\\S+) (\\S+) (.*?) \\[([^\\][]+)\\] ${quoted} (\\d{3}) (\\d+|-)(?: ${quoted} ${quoted})?(?: .*)?$`,
)

export type ApacheLogLine = {
  readonly host: string
  readonly ident: string
  readonly authuser: string
  /** As it stands in the line. */
  readonly timestamp: string
  readonly time: LogTime
  readonly request: string
  readonly status: string
  /** `-` for none. */
  readonly bytes: string
  readonly referer: string | undefined
  readonly agent: string | undefined
}

export type LogTime = {
  /** `2000-10-10T13:55:36`, by the clock of its zone. */
  readonly local: string
  /** `-0700` */
  readonly zone: string
  /** `2000-10-10T20:55:36+00:00` */
  readonly utc: string
}

/** Undefined for what is no such line. */
export function apacheLogLine(line: string): ApacheLogLine | undefined {
  const found = pattern.exec(line)
  if (!found) return undefined
  const [, host, ident, authuser, timestamp, request, status, bytes, referer, agent] = found as unknown as string[]
  const time = logTime(timestamp!)
  if (!time) return undefined
  const who = { host: host!, ident: ident!, authuser: authuser! }
  return { ...who, timestamp: timestamp!, time, request: request!, status: status!, bytes: bytes!, referer, agent }
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `10/Oct/2000:13:55:36 -0700`; undefined for a time that there is not. */
function logTime(text: string): LogTime | undefined {
  const found = /^(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-])(\d{2})(\d{2})$/.exec(text)
  if (!found) return undefined
  const [, day, monthName, year, clock, sign, hours, minutes] = found
  const month = `${months.indexOf(monthName!) + 1}`.padStart(2, '0')
  const local = `${year}-${month}-${day}T${clock}`
  const localMs = Date.parse(`${local}Z`)
  if (Number.isNaN(localMs) || new Date(localMs).toISOString().slice(0, 19) !== local) return undefined
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * 60_000
  const utcMs = sign === '-' ? localMs + offsetMs : localMs - offsetMs
  const utc = `${new Date(utcMs).toISOString().slice(0, 19)}+00:00`
  return { local, zone: `${sign}${hours}${minutes}`, utc }
}
