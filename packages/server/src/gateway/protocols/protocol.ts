import type { AwsError } from '../../core/aws-error.ts'
import type { Shape, Wire } from '../../core/shapes.ts'

/** A body format, and what belongs to it in an answer's head. Inputs are decoded by the operation's shape over `wire`. */
export type Protocol = {
  /** The content type of requests, and of errors. */
  readonly contentType: string
  /** The content type of answers. @default as the request said it */
  readonly answerType?: string
  /** What every answer says beside ids, type and length. */
  readonly headers?: Readonly<Record<string, string>>
  readonly wire: Wire
  /** The status of refusals: who is not known, and who may not. @default 400 */
  readonly refusalStatus?: number
  /**
   * Body → what gives the input by its shape: AWS tells of a broken body before it looks at who asks, and of wrong types
   * after. Without a shape the body is only looked at. Both @throws AwsError SerializationException
   *
   * Bytes in the input may lie in the body, or in `spare`, which is memory for what is decoded from it.
   */
  parse<T>(body: Buffer, shape?: Shape<T>, spare?: Buffer): () => T
  /**
   * Output → body: a `Date` is a timestamp, a `Uint8Array` a blob, a `Map` an object; undefined members are left out. No
   * output is an empty body, where the protocol has no envelope.
   */
  render(output: unknown): Buffer
  /** Error → body, where it is not an object with `__type` and a message as an output would have them. */
  renderError?(error: AwsError): Buffer
}
