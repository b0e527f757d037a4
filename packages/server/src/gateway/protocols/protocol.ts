import type { Shape, Wire } from '../../core/shapes.ts'

/** A body format. Inputs are decoded by the operation's shape over `wire`; outputs render themselves. */
export type Protocol = {
  /** The content type of requests and answers. */
  readonly contentType: string
  readonly wire: Wire
  /**
   * Body → what gives the input by its shape: AWS tells of a broken body before it looks at who asks, and of wrong types
   * after. Without a shape the body is only looked at. Both @throws AwsError SerializationException
   *
   * Bytes in the input may lie in the body, or in `spare`, which is memory for what is decoded from it.
   */
  parse<T>(body: Buffer, shape?: Shape<T>, spare?: Buffer): () => T
  /** Output → body: a `Date` is a timestamp, a `Uint8Array` a blob, a `Map` an object; undefined members are left out. */
  render(output: unknown): Buffer
}
