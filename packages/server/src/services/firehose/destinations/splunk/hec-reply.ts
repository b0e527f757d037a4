import type { OutboundResponse } from '../../../../core/ports/outbound.ts'

/*
 * What Splunk's HTTP Event Collector answers:
 *
 *   to events             200 {"text":"Success","code":0,"ackId":12}      400 {"text":"Invalid data format","code":6,"invalid-event-number":3}
 *   to questions of acks  200 {"acks":{"12":true,"13":false}}            400 {"text":"ACK is disabled","code":14}
 */

export type HecReply = {
  readonly status: number
  readonly code: number | undefined
  readonly ackId: number | undefined
  /** Indexed or not, by ackId. */
  readonly acks: Readonly<Record<string, unknown>> | undefined
}

export function hecReply({ status, body }: OutboundResponse): HecReply {
  const value = parsed(body)
  return {
    status,
    code: numberOf(value.code),
    ackId: numberOf(value.ackId),
    acks: isObject(value.acks) ? value.acks : undefined,
  }
}

function parsed(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString())
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const numberOf = (value: unknown) => (typeof value === 'number' ? value : undefined)
