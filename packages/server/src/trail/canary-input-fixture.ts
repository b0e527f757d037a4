import type { Operation } from '../core/operation.ts'
import type { Shape } from '../core/shapes.ts'
import { json } from '../gateway/protocols/json.ts'
import * as cloudwatch from '../services/cloudwatch/operations/index.ts'
import * as dynamodb from '../services/dynamodb/operations/index.ts'
import * as firehose from '../services/firehose/operations/index.ts'
import * as glue from '../services/glue/operations/index.ts'
import * as lambda from '../services/lambda/operations/index.ts'
import * as streams from '../services/streams/operations/index.ts'
import * as sts from '../services/sts/operations/index.ts'

// biome-ignore lint/suspicious/noExplicitAny: see Service
export type AnyOperation = Operation<any, any>

/** The operation tables themselves: service, what stands in X-Amz-Target, its operations. */
export const operationTables: readonly {
  readonly service: string
  readonly target: string
  readonly operations: readonly AnyOperation[]
}[] = [
  { service: 'kinesis', target: 'Kinesis_20131202', operations: Object.values(streams) },
  { service: 'firehose', target: 'Firehose_20150804', operations: Object.values(firehose) },
  { service: 'dynamodb', target: 'DynamoDB_20120810', operations: Object.values(dynamodb) },
  { service: 'lambda', target: 'AWSLambda', operations: Object.values(lambda) },
  { service: 'glue', target: 'AWSGlue', operations: Object.values(glue) },
  { service: 'monitoring', target: 'GraniteServiceVersion20100801', operations: Object.values(cloudwatch) },
  { service: 'sts', target: 'AWSSecurityTokenServiceV20110615', operations: Object.values(sts) },
]

/** Inputs whose every text, key of a map and blob is another word that is nowhere else. */
export class CanaryInputs {
  /** Canary → the member that held it, and whether as bytes. */
  readonly planted = new Map<string, { readonly path: string; readonly member: string; readonly isBytes: boolean }>()

  /** As it stands in a JSON body. */
  of(shape: Shape<unknown>, path: string, member: string): unknown {
    const { form } = shape
    switch (form?.kind) {
      case 'structure':
        return Object.fromEntries(
          Object.entries(form.members).map(([name, each]) => [name, this.of(each, `${path}.${name}`, name)]),
        )
      case 'list':
        return [this.of(form.member, path, member)]
      case 'map':
        return { [this.#canary(path, member)]: this.of(form.member, path, member) }
      case 'records': {
        const Data = this.#bytes(`${path}.Data`, 'Data')
        return [{ Data, PartitionKey: this.#canary(`${path}.PartitionKey`, 'PartitionKey') }]
      }
      case 'blob':
        return this.#bytes(path, member)
      default:
        return this.#leaf(shape, path, member)
    }
  }

  /** What a shape takes that does not say what is in it. */
  #leaf(shape: Shape<unknown>, path: string, member: string): unknown {
    const attribute = { S: this.#canary(path, member), B: this.#bytes(path, member), N: this.#canary(path, member) }
    const candidates = [this.#canary(path, member), { [this.#canary(path, member)]: attribute }, attribute, 7, true]
    const fitting = candidates.find((candidate) => {
      try {
        const decoded = shape.decode(candidate, json.wire)
        return JSON.stringify(decoded) !== '{}' && !(decoded instanceof Date && Number.isNaN(decoded.getTime()))
      } catch {
        return false
      }
    })
    if (fitting === undefined) throw new Error(`${path}: nothing fits it`)
    return fitting
  }

  #canary(path: string, member: string): string {
    const canary = `Canary${this.planted.size}Q`
    this.planted.set(canary, { path, member, isBytes: false })
    return canary
  }

  #bytes(path: string, member: string): string {
    const canary = `Canary${this.planted.size}Q`
    this.planted.set(canary, { path, member, isBytes: true })
    return Buffer.from(canary).toString('base64')
  }

  /** Canaries that are in a text, as they are or as base64. */
  foundIn(text: string): { readonly path: string; readonly member: string; readonly isBytes: boolean }[] {
    const plain = [...text.matchAll(/Canary\d+Q/g)].map(([canary]) => canary)
    const coded = [...text.matchAll(/Q2FuYXJ5[\w+/=]+/g)].map(([base64]) => Buffer.from(base64, 'base64').toString())
    return [...plain, ...coded].flatMap((canary) => this.planted.get(canary) ?? [])
  }
}
