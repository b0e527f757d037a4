import assert from 'node:assert/strict'
import { assertError, assertSerialization, assertViolations, broken } from './answers.ts'
import { observed, unverified } from './cases.ts'
import type { Kinesis } from './kinesis.ts'
import type { Kind, Member } from './members.ts'

/*
 * What AWS says to bad input is the same for every operation, so the cases are made from a table of its members:
 * no authentication, each member of a wrong type, required ones left out, and each constraint broken.
 */

export type Members = Readonly<Record<string, Member>>

type Declared = {
  /** Members that must be there, in any order. */
  readonly required?: Members
  readonly optional?: Members
  /** The operation names a stream by StreamName or StreamARN, and answers for one that is not there. */
  readonly findsStream?: 'StreamName' | 'StreamARN' | 'ResourceARN'
  /** What it answers for the stream `conformance-nowhere`. @default that the stream is not found */
  readonly notFound?: RegExp
}

export function inputCases(kinesis: Kinesis, operation: string, declared: Declared): void {
  const { required = {}, optional = {}, findsStream, notFound = streamNotFound } = declared
  const members = { ...required, ...optional }
  const valid = Object.fromEntries(Object.entries(required).map(([name, member]) => [name, member.valid]))

  observed(`${operation} without authentication is refused before its input is looked at`, async () => {
    const answer = await kinesis.ask(operation, { Nonsense: [] }, { authorization: 'none' })
    assertError(answer, 'MissingAuthenticationTokenException', 'Missing Authentication Token')
  })

  for (const [name, member] of Object.entries(members)) {
    observed(`${operation} refuses a ${name} that is no ${member.kind}`, async () => {
      for (const [value, sentence] of wrongTypes[member.kind])
        assertSerialization(await kinesis.ask(operation, { ...valid, [name]: value }), sentence)
    })
    if (!member.refused) continue
    const known = member.known ?? unverified
    known(`${operation} names each constraint that a ${name} breaks`, async () => {
      for (const [value, ...constraints] of member.refused!) {
        const sentences = constraints.map((constraint) => broken(`${value}`, pathOf(name), constraint))
        assertViolations(await kinesis.ask(operation, { ...valid, [name]: value }), ...sentences)
      }
    })
  }

  if (Object.keys(required).length > 0)
    observed(`${operation} names every required member that is missing`, async () => {
      const sentences = Object.keys(required).map((name) => broken(null, pathOf(name), 'not be null'))
      assertViolations(await kinesis.ask(operation, {}), ...sentences)
      const nulls = Object.fromEntries(Object.keys(required).map((name) => [name, null]))
      assertViolations(await kinesis.ask(operation, nulls), ...sentences)
    })

  if (findsStream === 'StreamName') {
    observed(`${operation} answers for a stream that is not there`, async () => {
      const answer = await kinesis.ask(operation, { ...valid, StreamName: 'conformance-nowhere' })
      assertError(answer, 'ResourceNotFoundException', notFound)
    })
    unverified(`${operation} needs a StreamName or a StreamARN`, async () => {
      assertError(await kinesis.ask(operation, valid), 'InvalidArgumentException')
    })
  } else if (findsStream) {
    unverified(`${operation} answers for an ARN of a stream that is not there`, async () => {
      const accountId = await accountOf(kinesis)
      const arn = `arn:aws:kinesis:${kinesis.target.region}:${accountId}:stream/conformance-nowhere`
      const answer = await kinesis.ask(operation, { ...valid, [findsStream]: arn })
      assertError(
        answer,
        'ResourceNotFoundException',
        /^Stream .*conformance-nowhere under account \d{12} not found\.$/,
      )
    })
  }
}

const streamNotFound = /^Stream conformance-nowhere under account \d{12} not found\.$/

async function accountOf(kinesis: Kinesis): Promise<string> {
  const answer = await kinesis.ask('DescribeStreamSummary', { StreamName: 'conformance-nowhere' })
  const accountId = /account (\d{12})/.exec(answer.body.message)?.[1]
  assert.ok(accountId, answer.text)
  return accountId
}

const pathOf = (name: string) => name.charAt(0).toLowerCase() + name.slice(1)

const listFound = 'Start of list found where not expected'
const structureFound = 'Start of structure or map found where not expected.'
const fromBoolean = (target: string) => `class java.lang.Boolean can not be converted to ${target}`

/** Values of another type for each kind, with AWS's sentence where it is recorded. */
const wrongTypes: Readonly<Record<Kind, readonly (readonly [unknown, (string | RegExp)?])[]>> = {
  String: [
    [true, /^class java\.lang\.Boolean can not be converted to an? String$/],
    [1, /can not be converted to an? String$/],
    [[], listFound],
    [{}, structureFound],
  ],
  Integer: [
    ['1', 'class java.lang.String can not be converted to an Integer'],
    [true, fromBoolean('an Integer')],
    [[], listFound],
    [{}, structureFound],
  ],
  Boolean: [
    ['maybe', /^'MAYBE' can not be converted to an? Boolean$/],
    [1, /can not be converted to an? Boolean$/],
    [[], listFound],
    [{}, structureFound],
  ],
  Blob: [
    [true, fromBoolean('a Blob')],
    [1, /can not be converted to a Blob$/],
    ['="', undefined],
    [[], listFound],
    [{}, structureFound],
  ],
  timestamp: [
    [true, fromBoolean('milliseconds since epoch')],
    [[], listFound],
    [{}, structureFound],
  ],
  list: [
    ['a', 'Expected list or null'],
    [1, 'Expected list or null'],
    [{}, structureFound],
  ],
  map: [
    ['a', 'Expected map or null'],
    [true, 'Expected map or null'],
    [[], listFound],
  ],
  structure: [
    ['a', 'Expected null'],
    [true, 'Expected null'],
    [[], listFound],
  ],
}
