import assert from 'node:assert/strict'
import type { Answer } from './http-call.ts'

/** What `call` throws for an answer that is not 200. */
export class RefusedError extends Error {
  readonly answer: Answer
  constructor(operation: string, answer: Answer) {
    super(`${operation}: ${answer.status} ${answer.text}`)
    this.answer = answer
  }
}

/** The answer is this error; without a message, any message will do. */
export function assertError(answer: Answer, type: string, message?: string | RegExp, status = 400): void {
  const said = answer.body?.message ?? answer.body?.Message
  assert.equal(`${answer.status} ${answer.body?.__type}`, `${status} ${type}`, answer.text)
  if (message instanceof RegExp) assert.match(said, message)
  else if (message !== undefined) assert.equal(said, message)
}

/** All broken constraints are named in one sentence; AWS's order among them is not fixed, so none is asked for. */
export function assertViolations(answer: Answer, ...violations: readonly string[]): void {
  assertError(answer, 'ValidationException')
  const count = violations.length
  const head = `${count} validation error${count > 1 ? 's' : ''} detected: `
  const { message } = answer.body
  assert.ok(message.startsWith(head), message)
  // A pattern never holds `; `, so that the sentences come apart there.
  assert.deepEqual(new Set(message.slice(head.length).split('; ')), new Set(violations))
}

/** `Value 'v' at 'path' failed to satisfy constraint: Member must …` */
export const broken = (value: string | null, path: string, constraint: string) =>
  `Value ${value === null ? 'null' : `'${value}'`} at '${path}' failed to satisfy constraint: Member must ${constraint}`

/** SerializationException alone has its message under a capital M. */
export function assertSerialization(answer: Answer, message?: string | RegExp): void {
  assertError(answer, 'SerializationException')
  assert.equal(answer.body.message, undefined)
  if (message instanceof RegExp) assert.match(answer.body.Message, message)
  else if (message !== undefined) assert.equal(answer.body.Message, message)
}
