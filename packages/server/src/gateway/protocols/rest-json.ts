import type { AwsError } from '../../core/aws-error.ts'
import type { HttpBinding } from '../../core/operation.ts'
import type { Shape, Wire } from '../../core/shapes.ts'
import type { HttpRequest } from '../listener.ts'
import { json } from './json.ts'
import type { Protocol } from './protocol.ts'
import { textWire } from './text-wire.ts'

/** What a path says: `{FunctionName}` → its text. */
export type Labels = ReadonlyMap<string, string>

/*
 * REST with JSON (Lambda, Video Streams): some members of the input stand in the path, the query or the headers, where all
 * is text; the others in a JSON body, or one of them is the body. An error's name stands in a header.
 */
export class RestJson implements Protocol {
  readonly contentType = 'application/json'
  readonly refusalStatus = 403
  readonly answerType = 'application/json'
  readonly wire: Wire = json.wire
  readonly #binding: HttpBinding
  readonly #labels: Labels
  readonly #request: HttpRequest

  /** One request, by the place where its operation was found. */
  constructor(binding: HttpBinding, labels: Labels, request: HttpRequest) {
    this.#binding = binding
    this.#labels = labels
    this.#request = request
  }

  parse<T>(body: Buffer, shape?: Shape<T>): () => T {
    const { payload } = this.#binding
    const fromBody = payload !== undefined || body.length === 0 ? () => ({}) : json.parse(body, plainObject)
    return () => {
      const members = shape?.form?.kind === 'structure' ? shape.form.members : {}
      const input = shape!.decode(fromBody(), json.wire) as Record<string, unknown>
      for (const [name, text] of this.#outsideBody())
        if (Object.hasOwn(members, name)) input[name] = members[name]!.decode(text, textWire)
      if (payload !== undefined) input[payload] = body
      return input as T
    }
  }

  render(output: unknown): Buffer {
    return json.render(output ?? {})
  }

  renderError({ message, members }: AwsError): Buffer {
    return json.render({ ...(message && members?.Message === undefined && { message }), ...members })
  }

  /** Members that stand in the request's head, with their text, or their texts where a name is there again and again. */
  *#outsideBody(): Iterable<readonly [string, string | readonly string[]]> {
    const { query = {}, headers = {} } = this.#binding
    yield* this.#labels
    const { url = '' } = this.#request
    const given = new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?')) : '')
    for (const [member, name] of Object.entries(query)) {
      const texts = given.getAll(name)
      if (texts.length > 0) yield [member, texts.length === 1 ? texts[0]! : texts]
    }
    for (const [member, name] of Object.entries(headers)) {
      const text = this.#request.headers[name]
      if (text !== undefined) yield [member, text]
    }
  }
}

/** The body as it was parsed: what it means is decided together with the head. */
const plainObject: Shape<Record<string, unknown>> = {
  required: true,
  decode: (value) => value as Record<string, unknown>,
  check() {},
}
