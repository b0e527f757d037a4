import { AwsError } from '../../core/aws-error.ts'
import type { QueryNames } from '../../core/operation.ts'
import type { Shape, Wire } from '../../core/shapes.ts'
import type { Protocol } from './protocol.ts'
import { queryCode } from './query-codes.ts'
import { parseForm } from './query-form.ts'
import { textWire } from './text-wire.ts'
import { element, xmlOf } from './xml.ts'

/*
 * The oldest protocol of AWS, which KPL speaks to CloudWatch: a form says `Action=PutMetricData&Version=2010-08-01` and
 * the input, and the answer is XML.
 *
 *   <ListMetricsResponse xmlns="…">
 *     <ListMetricsResult>…</ListMetricsResult>
 *     <ResponseMetadata><RequestId>…</RequestId></ResponseMetadata>
 *   </ListMetricsResponse>
 */
export class Query implements Protocol {
  readonly contentType = 'text/xml'
  readonly refusalStatus = 403
  readonly answerType = 'text/xml'
  readonly wire: Wire = textWire
  readonly #form: string
  readonly #action: string
  readonly #names: QueryNames
  readonly #requestId: string

  /** One request, with its form as it came. */
  constructor(form: string, action: string, names: QueryNames, requestId: string) {
    this.#form = form
    this.#action = action
    this.#names = names
    this.#requestId = requestId
  }

  parse<T>(_body: Buffer, shape?: Shape<T>): () => T {
    const form = parseForm(this.#form)
    if (!shape) throw unknownAction(this.#action, this.#names.version)
    return () => shape.decode(form, textWire)
  }

  render(output: unknown): Buffer {
    const result = output === undefined ? '' : element(`${this.#action}Result`, xmlOf(output))
    const metadata = element('ResponseMetadata', element('RequestId', xmlOf(this.#requestId)))
    return this.#envelope(`${this.#action}Response`, result + metadata)
  }

  renderError({ code, message, status }: AwsError): Buffer {
    const error =
      element('Type', status < 500 ? 'Sender' : 'Receiver') +
      element('Code', xmlOf(queryCode(code, this.#names))) +
      element('Message', xmlOf(message))
    return this.#envelope('ErrorResponse', element('Error', error) + element('RequestId', xmlOf(this.#requestId)))
  }

  #envelope(name: string, content: string): Buffer {
    return Buffer.from(`<${name} xmlns="${this.#names.xmlNamespace}">${content}</${name}>\n`)
  }
}

const unknownAction = (action: string, version: string) =>
  new AwsError('InvalidAction', `Could not find operation ${action.slice(0, 100)} for version ${version}`)
