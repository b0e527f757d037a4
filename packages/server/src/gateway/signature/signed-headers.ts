import type { AwsError } from '../../core/aws-error.ts'
import { isAws, type RequestHead } from './request-head.ts'
import { headerNotSigned, hostNotSigned, signatureMismatch } from './signature-faults.ts'

/** The headers that a request says are signed, and whether those are among them that must be. */
export class SignedHeaders {
  readonly names: ReadonlySet<string>
  /** As they are signed; undefined if one of them is not there, or the list is not as signers write it. */
  #values: readonly (readonly [string, string])[] | undefined

  /** @param list `content-type;host;x-amz-date`: small letters, in order, each once */
  constructor(list: string, head: RequestHead) {
    const { names, isInOrder } = listedNames(list)
    this.names = names
    if (!isInOrder) return
    const values: [string, string][] = []
    for (const name of names) {
      const value = head.get(name)
      if (value === undefined) return
      values.push([name, value])
    }
    this.#values = values
  }

  /** Only without a fault. */
  get values(): readonly (readonly [string, string])[] {
    return this.#values!
  }

  /** What AWS would say is wrong with the list. @param isStreamed of a body that is not signed, nor is what is said of it */
  fault(head: RequestHead, isStreamed: boolean): AwsError | undefined {
    if (!this.names.has('host') && !this.names.has(':authority')) return hostNotSigned()
    for (const name of head.names) {
      if (this.names.has(name) || (isStreamed && name === 'x-amz-content-sha256')) continue
      if (isAws(name)) return headerNotSigned(name)
      if (name === 'content-type' && !isTold(head)) return headerNotSigned('Content-Type')
    }
    return this.#values ? undefined : signatureMismatch()
  }
}

type Listed = { readonly names: ReadonlySet<string>; readonly isInOrder: boolean }

/** A client has few lists, and signs by them again and again. */
const listsMax = 256
const lists = new Map<string, Listed>()

function listedNames(list: string): Listed {
  const known = lists.get(list)
  if (known) return known
  const names = list.split(';')
  const isInOrder = names.every((name, i) => isName.test(name) && (i === 0 || names[i - 1]! < name))
  const listed = { names: new Set(names), isInOrder }
  if (list.length > listLengthMax) return listed
  if (lists.size >= listsMax) lists.clear()
  lists.set(list, listed)
  return listed
}

const listLengthMax = 1024

const isName = /^:?[a-z0-9!#$%&'*+\-.^_`|~]+$/

/**
 * The AWS SDK for PHP leaves the content type unsigned. That is taken where what is signed tells it just as well, so that
 * nobody can have the body read as something else: with X-Amz-Target all is JSON, and only what is sent to `/` is a form.
 */
function isTold(head: RequestHead): boolean {
  const type = head.get('content-type')!.split(';', 1)[0]!.trim().toLowerCase()
  if (head.get('x-amz-target') !== undefined) return type.startsWith('application/x-amz-json-1.')
  return type === (head.path === '/' ? 'application/x-www-form-urlencoded' : 'application/json')
}
