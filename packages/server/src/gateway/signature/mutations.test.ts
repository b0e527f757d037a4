import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@millrace/ports'
import { AwsError } from '../../core/aws-error.ts'
import { chance, meaning, mutations, signedRequests } from './mutations-fixture.ts'
import { fakeRoute, verifierFixture, type WireRequest } from './signature-fixture.ts'

/*
 * Nobody without the secret makes a request that is taken: each of these was signed, and then changed in one to three ways.
 * `SEED=… MUTATIONS=…` tries others, or more.
 */

const seed = Number(process.env.SEED ?? 6)
const mutationsMin = Number(process.env.MUTATIONS ?? 100_000)

const noon = Date.UTC(2026, 0, 1, 12)
const clock = new ManualClock(noon)
const { verifier } = verifierFixture({ clock })
const requests = signedRequests(noon)

/** Undefined where it is refused. */
function takenAs(request: WireRequest): string | undefined {
  try {
    return verifier.admit(verifier.prove(request, request.body), fakeRoute).caller.accessKeyId
  } catch (error) {
    if (error instanceof AwsError) return undefined
    throw error
  }
}

test('before they are changed all of them are taken', () => {
  for (const request of requests) assert.ok(takenAs(request), request.url)
})

test(`of ${mutationsMin} changed requests none is taken`, (t) => {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0 // most of the time goes into the stacks of refusals
  t.after(() => {
    Error.stackTraceLimit = stackTraceLimit
  })
  const dice = chance(seed)
  const names = Object.keys(mutations)
  const meanings = requests.map(meaning)
  const counts = new Map<string, number>()
  let changed = 0
  let same = 0
  while (changed < mutationsMin) {
    const which = dice(requests.length)
    let request = requests[which]!
    const done: string[] = []
    for (let times = 1 + dice(dice(4) === 0 ? 3 : 1); times > 0; times--) {
      const name = names[dice(names.length)]!
      request = mutations[name]!(request, dice)
      done.push(name)
    }
    const taken = takenAs(request)
    if (taken !== undefined && meaning(request) === meanings[which]) {
      same++
      continue
    }
    changed++
    for (const name of done) counts.set(name, (counts.get(name) ?? 0) + 1)
    if (taken !== undefined)
      assert.fail(`seed ${seed}: changed ${done.join(', ')}, and is taken as ${taken}'s: ${JSON.stringify(request)}`)
  }
  for (const name of names) assert.ok((counts.get(name) ?? 0) > mutationsMin / 1000, `${name} is hardly ever changed`)
  t.diagnostic(
    `${changed} changed requests, 0 taken; ${same} were still the same request; ${counts.size} kinds of change; seed ${seed}`,
  )
})
