import type { Clock } from '@millrace/ports'
import type { MetricSink } from '../../../../core/ports/metrics.ts'
import { type Outbound, OutboundFailed } from '../../../../core/ports/outbound.ts'
import type { Json } from '../../../../storage/catalog.ts'
import type { DeliveryRecord, FailedRecord } from '../../delivery/delivery-record.ts'
import { Turns } from '../../delivery/turns.ts'
import { count } from '../../metrics.ts'
import { type DeliveryBatch, DeliveryFailed, type Destination, type KeepReceipt } from '../destination.ts'
import { toldAnswer } from '../told-answer.ts'
import { areEvents, isBlank } from './hec-events.ts'
import { type HecReply, hecReply } from './hec-reply.ts'
import { sessionCookies } from './session-cookies.ts'
import { faultOfNetwork, faultOfReply, type SplunkFault, sentenceOf } from './splunk-faults.ts'

export type SplunkCollector = {
  /** Of the delivery stream. */
  readonly name: string
  /** `…/services/collector/raw` or `…/event` */
  readonly url: string
  /** `…/services/collector/ack` */
  readonly ackUrl: string
  readonly type: 'Raw' | 'Event'
  readonly token: string
  readonly ackTimeoutMs: number
}

/** What is kept of a batch that the collector took. Its channel is the batch's id. */
type Receipt = {
  readonly ackId: number
  /** Of a balancer before the collectors. */
  readonly cookies?: string
  readonly takenMs: number
  /** Splunk says it once, and then knows nothing of it. */
  readonly isAcknowledged: boolean
}

type Parts = { readonly clock: Clock; readonly outbound: Outbound; readonly metrics: MetricSink }

/** How long HEC may take to take a batch, and to say whether one is indexed. */
const takingMsMax = 60_000
const tellingMsMax = 10_000
const replyBytesMax = 1024 * 1024

/** It is asked soon whether a batch is indexed, then less and less often. */
const pollMsMin = 1000
const pollMsMax = 10_000

/**
 * Splunk's HTTP Event Collector. A batch is delivered when an indexer acknowledges it, not when the collector takes it; its
 * channel is its own id. The time spent waiting is none of the retry duration [docs].
 *
 * Batches wait for their acknowledgments side by side, but are sent and asked after one by one, each when it is saved what
 * came of the one before: after a crash it is known of all but one whether they were sent, and acknowledged.
 */
export class SplunkDestination implements Destination {
  readonly #parts: Parts
  readonly #collector: SplunkCollector
  /** Records that the collector would not take whatever happens; a weak set, since a try that fails is made again. */
  readonly #poison = new WeakSet<DeliveryRecord>()
  readonly #turns = new Turns()
  #isAckEnabled = false

  constructor(parts: Parts, collector: SplunkCollector) {
    this.#parts = parts
    this.#collector = collector
  }

  async deliver(batch: DeliveryBatch, signal: AbortSignal): Promise<readonly FailedRecord[]> {
    const { clock } = this.#parts
    const { id, keepReceipt, records } = batch
    const waitingMs = clock.monotonicMs()
    let startedMs = waitingMs
    try {
      const receipt = await this.#turns.take(async () => {
        startedMs = clock.monotonicMs()
        signal.throwIfAborted()
        if (!this.#isAckEnabled) await this.#checkAck(id, signal)
        return this.#bring(batch, signal)
      })
      if (receipt) {
        await this.#acknowledged(id, receipt, keepReceipt, signal)
        const latencySeconds = (clock.monotonicMs() - startedMs) / 1000
        count(this.#parts.metrics, this.#collector.name, 'DeliveryToSplunk.DataAckLatency', latencySeconds)
      }
    } catch (error) {
      if (!(error instanceof SplunkFailed)) throw error
      const { fault, detail } = error
      const message = `${sentenceOf(fault)}${detail === '' ? '' : ` ${detail}`}`
      const isWaiting = fault === 'AckTimeout' || fault === 'ConnectionTimeout'
      const answerWaitMs = (isWaiting || error.isAnswered ? clock.monotonicMs() : startedMs) - waitingMs
      throw new DeliveryFailed(`Splunk.${fault}`, message, undefined, { cause: error, answerWaitMs })
    }
    const attemptEndingMs = clock.nowMs()
    return records
      .filter((record) => this.#poison.has(record))
      .map((record) => ({
        ...{ record, errorOutputType: 'splunk-failed', errorCode: 'Splunk.InvalidDataFormat' },
        ...{ errorMessage: sentenceOf('InvalidDataFormat'), attemptsMade: 1, attemptEndingMs },
      }))
  }

  async resume(id: string, kept: Json, keepReceipt: KeepReceipt, signal: AbortSignal): Promise<boolean> {
    const receipt = kept as Receipt
    if (receipt.isAcknowledged) return true
    return this.#acknowledged(id, receipt, keepReceipt, signal).then(
      () => true,
      (error: unknown) => {
        if (error instanceof SplunkFailed) return false
        throw error
      },
    )
  }

  async close(): Promise<void> {}

  /** Without acknowledgments each try would bring everything there once more: it is asked before anything is sent. */
  async #checkAck(channel: string, signal: AbortSignal): Promise<void> {
    const { reply, told } = await this.#askAcks(channel, 0, undefined, signal)
    const fault = faultOfReply(reply)
    if (fault && known.has(fault)) throw new SplunkFailed(fault, told, true)
    this.#isAckEnabled = true
  }

  /** Resolves when a receipt is kept of what the collector took; undefined if there was nothing to send. */
  async #bring(batch: DeliveryBatch, signal: AbortSignal): Promise<Receipt | undefined> {
    const records = batch.records.filter((record) => !this.#poison.has(record))
    const { type } = this.#collector
    if (records.every(({ data }) => (type === 'Raw' ? data.byteLength === 0 : isBlank(data)))) return undefined
    const { reply, told, cookies } = await this.#ask(this.#collector.url, batch.id, takingMsMax, signal, {
      body: Buffer.concat(records.map(({ data }) => data)),
    })
    const fault = faultOfReply(reply)
    if (fault === 'InvalidDataFormat' && type === 'Event') {
      const poison = records.filter(({ data }) => !areEvents(data))
      for (const record of poison) this.#poison.add(record)
      if (poison.length > 0) return this.#bring(batch, signal)
    }
    if (fault) throw new SplunkFailed(fault, told, true)
    if (reply.ackId === undefined) {
      this.#isAckEnabled = false
      throw new SplunkFailed('DisabledAck', told, true)
    }
    const { ackId } = reply
    const takenMs = this.#parts.clock.nowMs()
    const receipt = { ackId, takenMs, isAcknowledged: false, ...(cookies !== undefined && { cookies }) }
    await batch.keepReceipt?.(receipt, records)
    return receipt
  }

  /** Resolves when an indexer has what was sent. A question that fails is asked again, as long as there is time. */
  async #acknowledged(channel: string, receipt: Receipt, keepReceipt: KeepReceipt | undefined, signal: AbortSignal) {
    const { clock } = this.#parts
    const { ackTimeoutMs } = this.#collector
    const leftMs = receipt.takenMs + ackTimeoutMs - clock.nowMs()
    const deadlineMs = clock.monotonicMs() + Math.max(0, Math.min(leftMs, ackTimeoutMs))
    for (let asked = 0; ; asked++) {
      const pollMs = Math.min(pollMsMin * 2 ** Math.min(asked, 10), pollMsMax, deadlineMs - clock.monotonicMs())
      if (pollMs > 0) await clock.sleep(pollMs, signal)
      if (await this.#turns.take(() => this.#isAcknowledged(channel, receipt, keepReceipt, signal))) return
      if (clock.monotonicMs() >= deadlineMs) throw new SplunkFailed('AckTimeout', '', true)
    }
  }

  /** Resolves when the answer is kept, if it is yes. */
  async #isAcknowledged(
    channel: string,
    receipt: Receipt,
    keepReceipt: KeepReceipt | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    signal.throwIfAborted()
    const { ackId, cookies } = receipt
    const asking = await this.#askAcks(channel, ackId, cookies, signal).catch((error: unknown) => {
      if (!(error instanceof SplunkFailed)) throw error
    })
    if (asking?.reply.acks?.[ackId] === true) {
      await keepReceipt?.({ ...receipt, isAcknowledged: true })
      return true
    }
    const fault = asking && faultOfReply(asking.reply)
    if (fault && known.has(fault)) throw new SplunkFailed(fault, asking.told, true)
    return false
  }

  #askAcks(channel: string, ackId: number, cookies: string | undefined, signal: AbortSignal) {
    const url = new URL(this.#collector.ackUrl)
    url.searchParams.set('channel', channel)
    const body = Buffer.from(JSON.stringify({ acks: [ackId] }))
    return this.#ask(url.href, channel, tellingMsMax, signal, { body, cookies })
  }

  /** @throws SplunkFailed when there is no answer */
  async #ask(
    url: string,
    channel: string,
    timeoutMs: number,
    signal: AbortSignal,
    { body, cookies }: { readonly body: Uint8Array; readonly cookies?: string | undefined },
  ): Promise<{ readonly reply: HecReply; readonly told: string; readonly cookies: string | undefined }> {
    const { token, type } = this.#collector
    const headers = {
      authorization: `Splunk ${token}`,
      'x-splunk-request-channel': channel,
      'content-type': type === 'Raw' && url === this.#collector.url ? 'text/plain' : 'application/json',
      ...(cookies !== undefined && { cookie: cookies }),
    }
    const response = await this.#parts.outbound
      .request({ method: 'POST', url, headers, body, timeoutMs, responseBytesMax: replyBytesMax }, signal)
      .catch((error: unknown) => {
        if (!(error instanceof OutboundFailed)) throw error
        throw new SplunkFailed(faultOfNetwork(error), error.message, false)
      })
    return {
      reply: hecReply(response),
      told: `HEC answered ${response.status} ${toldAnswer(response.body.toString(), token)}`,
      cookies: sessionCookies(response.headers['set-cookie']),
    }
  }
}

/** Faults that no waiting for an acknowledgment mends. */
const known: ReadonlySet<SplunkFault> = new Set([
  'DisabledAck',
  'DisabledToken',
  'InvalidToken',
  'ProxyWithoutStickySessions',
])

/** What went wrong, before it is told with AWS's sentence. */
class SplunkFailed extends Error {
  readonly fault: SplunkFault
  readonly detail: string
  /** There was an answer: the time before it was spent waiting. */
  readonly isAnswered: boolean

  constructor(fault: SplunkFault, detail: string, isAnswered: boolean) {
    super(fault)
    this.fault = fault
    this.detail = detail
    this.isAnswered = isAnswered
  }
}
