import { createHash } from 'node:crypto'
import { AwsError } from '../core/aws-error.ts'
import type { RecordFaults } from '../core/ports/record-faults.ts'

/** Which calls shall go wrong. The same seed and the same calls give the same faults. */
export type FaultRules = { readonly seed?: number; readonly rules: readonly FaultRule[] }

export type FaultRule = {
  /** An operation's name, `*`, or with its service: `dynamodb.PutItem`, `firehose.*`. */
  readonly operation: string
  /** 0 to 1, for each call; for each record with `records`. */
  readonly probability: number
  /** The AWS exception to answer with, e.g. `ProvisionedThroughputExceededException`. */
  readonly error?: string
  readonly message?: string
  /** PutRecords: fail single records inside a 200. */
  readonly records?: boolean
  /** Answer so much later. */
  readonly delayMs?: number
  /** Close the connection without an answer. */
  readonly dropConnection?: boolean
}

/** What happens to one call. */
export type Fault = { readonly delayMs: number; readonly drop: boolean; readonly error?: AwsError }

/** Checks rules that came from a file. @throws Error with one line that names the member */
export function parseFaultRules(value: unknown): FaultRules {
  const { seed = 0, rules } = (value ?? {}) as Partial<FaultRules>
  if (!Number.isInteger(seed)) throw new Error('faults: seed must be a whole number')
  if (!Array.isArray(rules)) throw new Error('faults: rules must be a list, e.g. {"seed":1,"rules":[…]}')
  for (const [i, rule] of rules.entries()) checkRule(rule, `faults: rules[${i}]`)
  return { seed, rules }
}

function checkRule(rule: unknown, where: string): void {
  if (typeof rule !== 'object' || rule === null) throw new Error(`${where} must be an object`)
  const types: Record<string, string> = {
    operation: 'string',
    probability: 'number',
    error: 'string',
    message: 'string',
    records: 'boolean',
    delayMs: 'number',
    dropConnection: 'boolean',
  }
  for (const [name, member] of Object.entries(rule)) {
    if (!(name in types)) throw new Error(`${where}.${name} is unknown; there are ${Object.keys(types).join(', ')}`)
    if (typeof member !== types[name]) throw new Error(`${where}.${name} must be a ${types[name]}`)
  }
  const { operation, probability, error, delayMs, dropConnection, records } = rule as Partial<FaultRule>
  if (!operation) throw new Error(`${where}.operation must name an operation, or be "*"`)
  if (probability === undefined || !(probability >= 0 && probability <= 1))
    throw new Error(`${where}.probability must be a number from 0 to 1`)
  if (delayMs !== undefined && !(delayMs >= 0)) throw new Error(`${where}.delayMs must be 0 or more`)
  if (records && operation !== 'PutRecords' && operation !== 'kinesis.PutRecords')
    throw new Error(`${where}.records is for PutRecords only`)
  if (records && !error) throw new Error(`${where}.error must say how the records fail`)
  if (!error && delayMs === undefined && !dropConnection)
    throw new Error(`${where} does nothing: give it error, delayMs or dropConnection`)
}

/** Decides, call by call, what goes wrong. */
export class Faults implements RecordFaults {
  readonly #rules: readonly FaultRule[]
  readonly #chance: () => number

  constructor({ seed = 0, rules }: FaultRules) {
    this.#rules = rules
    this.#chance = seededChance(seed)
  }

  /** What happens to this call, or undefined. All rules that apply are added up; the first error wins. */
  next(operation: string, service: string): Fault | undefined {
    let fault: Fault | undefined
    for (const rule of this.#rules) {
      if (rule.records || !applies(rule, operation, service) || this.#chance() >= rule.probability) continue
      fault = {
        delayMs: (fault?.delayMs ?? 0) + (rule.delayMs ?? 0),
        drop: fault?.drop || rule.dropConnection === true,
        ...((fault?.error ?? rule.error) && { error: fault?.error ?? errorOf(rule) }),
      }
    }
    return fault
  }

  nextRecord(operation: string): AwsError | undefined {
    for (const rule of this.#rules)
      if (rule.records && applies(rule, operation, 'kinesis') && this.#chance() < rule.probability) return errorOf(rule)
    return undefined
  }
}

const applies = ({ operation: wanted }: FaultRule, operation: string, service: string) =>
  wanted === '*' ||
  wanted === operation ||
  (wanted.startsWith(`${service}.`) && (wanted.endsWith('.*') || wanted.endsWith(`.${operation}`)))

function errorOf({ error = 'InternalFailure', message }: FaultRule): AwsError {
  const status = error === 'InternalFailure' ? 500 : error === 'ServiceUnavailable' ? 503 : 400
  return new AwsError(error, message ?? `Injected by a fault rule: ${error}`, status)
}

/** Numbers from 0 up to 1 that depend on the seed alone: SHA-256 over a counter, eight draws to a digest. */
function seededChance(seed: number): () => number {
  let drawn = 0
  let digest = Buffer.alloc(0)
  return () => {
    const slot = drawn % 8
    if (slot === 0) digest = createHash('sha256').update(`${seed}/${drawn}`).digest()
    drawn++
    return digest.readUInt32BE(slot * 4) / 2 ** 32
  }
}
