import type { HttpRequest } from '../listener.ts'

/** A request's head as it came: nothing of it is decoded, joined or put in order. */
export class RequestHead {
  readonly method: string
  /** Before the question mark, raw. */
  readonly path: string
  /** After it, raw. */
  readonly query: string
  readonly #values = new Map<string, string>()
  readonly #twice: string[] = []

  constructor({ method = '', url = '', rawHeaders }: Pick<HttpRequest, 'method' | 'url' | 'rawHeaders'>) {
    this.method = method
    const mark = url.indexOf('?')
    this.path = mark < 0 ? url : url.slice(0, mark)
    this.query = mark < 0 ? '' : url.slice(mark + 1)
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = rawHeaders[i]!.toLowerCase()
      if (this.#values.has(name)) this.#twice.push(name)
      else this.#values.set(name, rawHeaders[i + 1]!)
    }
  }

  get names(): Iterable<string> {
    return this.#values.keys()
  }

  /** By its name in small letters. HTTP/2 has `:authority` where HTTP/1.1 has `Host`, and clients sign either name. */
  get(name: string): string | undefined {
    const value = this.#values.get(name)
    if (value !== undefined) return value
    if (name === 'host') return this.#values.get(':authority')
    return name === ':authority' ? this.#values.get('host') : undefined
  }

  /**
   * Would two readers of it disagree about what it says? Then it is not even looked at: another form than that of a path,
   * a path that others would walk up and down in, two names for the host, anything there twice that is signed.
   */
  isAmbiguous(signed: ReadonlySet<string>): boolean {
    const host = this.#values.get('host')
    const authority = this.#values.get(':authority')
    if (host !== undefined && authority !== undefined && host !== authority) return true
    if (!this.path.startsWith('/') || notWritten.test(this.path) || notWritten.test(this.query)) return true
    if (this.path.length > 1 && walks.test(this.path)) return true
    return this.#twice.some((name) => name === 'authorization' || name === 'host' || signed.has(name) || isAws(name))
  }
}

/** Of these every one that is there must be signed. */
export const isAws = (name: string): boolean => name.startsWith('x-amz-')

/** No URI has such characters (RFC 3986): whoever sends them relies on what others make of them. */
const notWritten = /[^\x21-\x7e]|#/

/** `.`, `..` or nothing between two slashes, also encoded. */
const walks = /\/(?:\.|%2e){0,2}\/|\/(?:\.|%2e){1,2}$/i
