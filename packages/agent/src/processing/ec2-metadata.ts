import type { Clock, Logger } from '@millrace/ports'
import type { ProcessingStep } from '../config/processing-config.ts'
import type { Converter } from './converter.ts'
import { jsonText } from './json-text.ts'

/** What ADDEC2METADATA adds; asked for in the background, for no record waits for it. */
export interface Ec2Metadata {
  /** The newest there is, and a new one is asked for when it is older than `ttlMs`. Undefined outside of EC2. */
  current(ttlMs: number): Readonly<Record<string, unknown>> | undefined
}

/**
 * ADDEC2METADATA: members about the instance, in the record's own JSON object. Where there are none, the record stays as
 * it is. @throws SyntaxError for a record that is not JSON
 */
export function ec2MetadataConverter(
  { ttlMs, jsonFormat }: Extract<ProcessingStep, { name: 'ADDEC2METADATA' }>,
  ec2: Ec2Metadata,
): Converter {
  return (record) => {
    const added = ec2.current(ttlMs)
    if (added === undefined) return record
    const value: unknown = JSON.parse(record.toString('utf8'))
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not a JSON object')
    return Buffer.from(`${jsonText([...Object.entries(value), ...Object.entries(added)], jsonFormat)}\n`)
  }
}

/** A call of the instance's metadata service may take so long. */
const answerWithinMs = 2000

/** Between tries, where the service does not answer. */
const retryMs = 60_000

/** Asks the metadata service of the instance (IMDSv2; the SDK's AWS_EC2_METADATA_SERVICE_ENDPOINT names another). */
export class InstanceMetadata implements Ec2Metadata {
  readonly #endpoint: string
  readonly #clock: Clock
  readonly #logger: Logger
  #found: Record<string, unknown> | undefined
  #askedMs = Number.NEGATIVE_INFINITY

  constructor(endpoint: string | undefined, clock: Clock, logger: Logger) {
    this.#endpoint = (endpoint ?? 'http://169.254.169.254').replace(/\/$/, '')
    this.#clock = clock
    this.#logger = logger
  }

  current(ttlMs: number): Readonly<Record<string, unknown>> | undefined {
    const pauseMs = this.#found ? ttlMs : Math.min(ttlMs, retryMs)
    if (this.#clock.monotonicMs() - this.#askedMs >= pauseMs) void this.refresh()
    return this.#found
  }

  /** Asks now. Resolves also when there was no answer, and keeps what it had. */
  async refresh(): Promise<void> {
    this.#askedMs = this.#clock.monotonicMs()
    try {
      const token = await this.#ask('PUT', '/latest/api/token', { 'x-aws-ec2-metadata-token-ttl-seconds': '300' })
      const get = (path: string) => this.#ask('GET', path, { 'x-aws-ec2-metadata-token': token })
      const document = JSON.parse(await get('/latest/dynamic/instance-identity/document')) as Record<string, unknown>
      const { privateIp, availabilityZone, instanceId, instanceType, accountId, imageId, region } = document
      this.#found = {
        ...{ privateIp, availabilityZone, instanceId, instanceType, accountId, amiId: imageId, region },
        metadataTimestamp: `${new Date(this.#clock.nowMs()).toISOString().slice(0, 19)}+0000`,
        tags: await tags(get),
      }
    } catch (error) {
      this.#logger.log('warn', `no instance metadata to add: ${(error as Error).message}`)
    }
  }

  async #ask(method: string, path: string, headers: Record<string, string>): Promise<string> {
    const signal = AbortSignal.timeout(answerWithinMs)
    const answer = await fetch(`${this.#endpoint}${path}`, { method, headers, signal })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${path} answers ${answer.status}`)
    return text
  }
}

/** The instance's tags by their names in small letters; none where the instance does not show them. */
async function tags(get: (path: string) => Promise<string>): Promise<Record<string, string>> {
  const names = await get('/latest/meta-data/tags/instance').catch(() => '')
  const found: Record<string, string> = {}
  for (const name of names.split('\n').filter((line) => line !== ''))
    found[name.toLowerCase()] = await get(`/latest/meta-data/tags/instance/${encodeURIComponent(name)}`)
  return found
}
