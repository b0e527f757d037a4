import type { Wire } from '../../core/shapes.ts'

/** A body format. Inputs are decoded by the operation's shape over `wire`; outputs render themselves. */
export type Protocol = {
  /** The content type of requests and answers. */
  readonly contentType: string
  readonly wire: Wire
  /** Body → plain value. @throws AwsError SerializationException */
  parse(body: Buffer): unknown
  /** Output → body: a `Date` is a timestamp, a `Uint8Array` a blob, a `Map` an object; undefined members are left out. */
  render(output: unknown): Buffer
}
