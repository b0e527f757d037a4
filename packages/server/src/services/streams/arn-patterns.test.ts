import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import type { Shape } from '../../core/shapes.ts'
import { channelArn } from './channel-input.ts'
import { consumerArn, resourceArn, streamArn } from './members.ts'

/* AWS's own patterns, as its errors tell them. */
const patterns: readonly [Shape<string>, RegExp][] = [
  [streamArn, /^(?:arn:aws.*:kinesis:.*:\d{12}:.*stream\/\S+)$/u],
  [consumerArn, /^(?:^(arn):aws.*:kinesis:.*:\d{12}:.*stream\/[a-zA-Z0-9_.-]+\/consumer\/[a-zA-Z0-9_.-]+:[0-9]+)$/u],
  [resourceArn, /^(?:arn:aws.*:kinesis:.*:\d{12}:.*(stream|channel|queue)\/\S+)$/u],
  [channelArn, /^(?:arn:aws.*:kinesis:.*:\d{12}:channel\/\S+)$/u],
]

const pieces = [
  ...['arn:aws', ':kinesis:', ':000000000000:', 'stream/', 'channel/', 'queue/', '/consumer/', 'a', ':1', ' ', '\n'],
  ...['-cn', 'kinesis:', '000000000000', ':', '/', 'é', '\u{1f600}'],
]

test('an ARN is taken exactly if AWS takes it', async () => {
  const isTaken = (shape: Shape<string>, text: string) => {
    const violations: string[] = []
    shape.check(text, '', violations)
    return violations.length === 0
  }
  let taken = 0
  const middle = fc.array(fc.constantFrom(...pieces), { maxLength: 12 })
  const text = fc.tuple(
    fc.constantFrom('arn:aws:kinesis:us-east-1:000000000000:', 'arn:aws:kinesis:', 'arn:aws', ''),
    middle,
  )
  await fc.assert(
    fc.asyncProperty(text, async ([first, rest]) => {
      const given = first + rest.join('')
      for (const [shape, pattern] of patterns) {
        if (given === '') continue
        const expected = pattern.test(given)
        assert.equal(isTaken(shape, given), expected, `${JSON.stringify(given)} and ${pattern}`)
        if (expected) taken++
      }
    }),
    { numRuns: 20_000 },
  )
  assert.ok(taken > 1000, `${taken} were ARNs`)
})
