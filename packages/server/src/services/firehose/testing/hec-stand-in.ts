import type { Answer, Asked, StandIn } from './stand-in-server.ts'

/*
 * Splunk's HTTP Event Collector as its documentation has it: tokens, channels, acknowledgments by channel, and its codes.
 * An acknowledgment is given once, and then forgotten, as Splunk does.
 */

type Code = keyof typeof texts

const texts = {
  0: [200, 'Success'],
  1: [403, 'Token disabled'],
  2: [401, 'Token is required'],
  3: [401, 'Invalid authorization'],
  4: [403, 'Invalid token'],
  5: [400, 'No data'],
  6: [400, 'Invalid data format'],
  7: [400, 'Incorrect index'],
  8: [500, 'Internal server error'],
  9: [503, 'Server is busy'],
  10: [400, 'Data channel is missing'],
  11: [400, 'Invalid data channel'],
  12: [400, 'Event field is required'],
  13: [400, 'Event field cannot be blank'],
  14: [400, 'ACK is disabled'],
} as const

export type Batch = { readonly channel: string; readonly ackId: number; readonly text: string; isIndexed: boolean }

export class HecStandIn implements StandIn {
  readonly token: string
  isTokenEnabled = true
  isAckEnabled = true
  /** Whether a batch is indexed as soon as it is taken. */
  isIndexing = true
  /** What the next requests for data or acknowledgments get instead. */
  instead: (asked: Asked) => Code | Answer | undefined = () => undefined
  indexes: ReadonlySet<string> = new Set(['main'])
  /** What was taken, in order. */
  readonly batches: Batch[] = []
  readonly asked: Asked[] = []
  readonly #nextAckId = new Map<string, number>()

  constructor(token: string) {
    this.token = token
  }

  /** The indexers have caught up. */
  index(): void {
    for (const batch of this.batches) batch.isIndexed = true
  }

  get texts(): string[] {
    return this.batches.map(({ text }) => text)
  }

  answer(asked: Asked): Answer {
    this.asked.push(asked)
    const instead = this.instead(asked)
    if (instead !== undefined) return typeof instead === 'number' ? reply(instead) : instead
    const authorization = asked.headers.authorization
    if (authorization === undefined) return reply(2)
    const [, token] = /^Splunk (.+)$/.exec(authorization) ?? []
    if (token === undefined) return reply(3)
    if (token !== this.token) return reply(4)
    if (!this.isTokenEnabled) return reply(1)
    if (asked.method !== 'POST') return { status: 405 }
    switch (asked.path) {
      case '/services/collector/raw':
        return this.#take(asked, (text) => (text === '' ? reply(5) : undefined))
      case '/services/collector/event':
        return this.#take(asked, (text) => this.#eventFault(text))
      case '/services/collector/ack':
        return this.#acks(asked)
      default:
        return { status: 404, body: '{"text":"The requested URL was not found on this server.","code":404}' }
    }
  }

  #take(asked: Asked, faultOf: (text: string) => Answer | undefined): Answer {
    const channel = channelOf(asked)
    if (this.isAckEnabled && channel === undefined) return reply(10)
    if (channel !== undefined && !guid.test(channel)) return reply(11)
    const text = asked.body.toString()
    const fault = faultOf(text)
    if (fault) return fault
    if (!this.isAckEnabled) return reply(0)
    const ackId = this.#nextAckId.get(channel!) ?? 0
    this.#nextAckId.set(channel!, ackId + 1)
    this.batches.push({ channel: channel!, ackId, text, isIndexed: this.isIndexing })
    return reply(0, { ackId })
  }

  #acks(asked: Asked): Answer {
    if (!this.isAckEnabled) return reply(14)
    const channel = channelOf(asked)
    if (channel === undefined) return reply(10)
    const { acks } = JSON.parse(asked.body.toString()) as { acks: number[] }
    if (!Array.isArray(acks) || acks.some((id) => !Number.isInteger(id))) return reply(6)
    const told = acks.map((id) => {
      const batch = this.batches.find((each) => each.channel === channel && each.ackId === id)
      const isIndexed = batch?.isIndexed ?? false
      if (isIndexed) Object.assign(batch!, { ackId: -1 })
      return [id, isIndexed]
    })
    return { status: 200, body: JSON.stringify({ acks: Object.fromEntries(told) }) }
  }

  /** Events stand one behind the other; the first that is wrong ends it. */
  #eventFault(text: string): Answer | undefined {
    if (text.trim() === '') return reply(5)
    let rest = text.trim()
    for (let number = 0; rest !== ''; number++) {
      const told = { 'invalid-event-number': number }
      const end = endOfValue(rest)
      if (end === undefined) return reply(6, told)
      const value = JSON.parse(rest.slice(0, end)) as { event?: unknown; index?: string }
      rest = rest.slice(end).trim()
      if (value.event === undefined || value.event === null) return reply(12, told)
      if (value.event === '') return reply(13, told)
      if (value.index !== undefined && !this.indexes.has(value.index)) return reply(7, told)
    }
  }
}

/** Behind the shortest object that can be read here. */
function endOfValue(text: string): number | undefined {
  if (!text.startsWith('{')) return undefined
  for (let end = text.indexOf('}') + 1; end > 0; end = text.indexOf('}', end) + 1) {
    try {
      JSON.parse(text.slice(0, end))
      return end
    } catch {} // a brace inside
  }
}

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

function channelOf({ headers, query }: Asked): string | undefined {
  return (headers['x-splunk-request-channel'] as string | undefined) ?? query.get('channel') ?? undefined
}

function reply(code: Code, more: object = {}): Answer {
  const [status, text] = texts[code]
  return { status, body: JSON.stringify({ text, code, ...more }) }
}
