import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BatchPlan, type PlanSettings, type Step } from './batch-plan.ts'

const settings: PlanSettings = {
  retriesMax: Number.POSITIVE_INFINITY,
  ageMsMax: Number.POSITIVE_INFINITY,
  bisectsOnError: false,
}

/** A function that fails whenever it gets one of these records; with `reports`, it says which was the first. */
type Behaviour = { readonly poison: ReadonlySet<number>; readonly reports: boolean }

/** Follows a plan to its end: what was invoked, what was done, what was given up. */
function follow(count: number, planned: PlanSettings, { poison, reports }: Behaviour, stepsMax = 10_000) {
  const plan = new BatchPlan(new Array(count).fill(0), planned)
  const invoked: string[] = []
  const fates: ('done' | Extract<Step, { do: 'giveUp' }>['condition'])[] = []
  let next = 0
  for (let step = plan.next(0); step; step = plan.next(0)) {
    assert.equal(step.from, next, 'a step begins where the last progress ended')
    assert.ok(invoked.length < stepsMax, 'a plan ends')
    const { from, to } = step
    const settle = (through: number, fate: (typeof fates)[number]) => {
      for (; next < through; next++) fates.push(fate)
    }
    if (step.do === 'giveUp') {
      settle(to, step.condition)
      plan.done()
      continue
    }
    invoked.push(`${from}-${to}`)
    let failure = from
    while (failure < to && !poison.has(failure)) failure++
    if (failure === to) {
      settle(to, 'done')
      plan.done()
    } else if (reports) {
      settle(failure, 'done')
      plan.failedFrom(failure)
    } else plan.failed(true)
  }
  return { invoked, fates }
}

const cases: [string, number, Partial<PlanSettings>, number[], boolean, string[], string][] = [
  ['a batch that succeeds is invoked once', 4, {}, [], false, ['0-4'], '....'],
  ['without retries a failed batch is given up whole', 4, { retriesMax: 0 }, [2], false, ['0-4'], 'xxxx'],
  ['two retries are two more invocations', 2, { retriesMax: 2 }, [1], false, ['0-2', '0-2', '0-2'], 'xx'],
  [
    'bisecting finds the one bad record, and no halving counts as a retry',
    4,
    { retriesMax: 1, bisectsOnError: true },
    [2],
    false,
    ['0-4', '0-2', '2-4', '2-3', '2-3', '3-4'],
    '..x.',
  ],
  [
    'what a function reports as failed is tried again from there',
    4,
    { retriesMax: 1 },
    [2],
    true,
    ['0-4', '2-4'],
    '..xx',
  ],
  [
    'bisecting and reporting: the batch is split at the failure, then halved',
    5,
    { retriesMax: 0, bisectsOnError: true },
    [2],
    true,
    ['0-5', '2-5', '2-4', '2-3', '3-4', '4-5'],
    '..x..',
  ],
]
for (const [name, count, more, poison, reports, invoked, fates] of cases)
  test(name, () => {
    const followed = follow(count, { ...settings, ...more }, { poison: new Set(poison), reports })
    assert.deepEqual(followed.invoked, invoked)
    assert.equal(followed.fates.map((fate) => (fate === 'done' ? '.' : 'x')).join(''), fates)
  })

test('a bad record costs itself when bisecting, and no good one; nobody is left out or done twice', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.nat(39), { maxLength: 6 }),
      fc.nat(3),
      fc.boolean(),
      fc.boolean(),
      (count, bad, retriesMax, bisectsOnError, reports) => {
        const poison = new Set(bad.filter((index) => index < count))
        const { fates, invoked } = follow(count, { ...settings, retriesMax, bisectsOnError }, { poison, reports })
        assert.equal(fates.length, count)
        for (const [index, fate] of fates.entries()) {
          if (poison.has(index)) assert.equal(fate, 'RetryAttemptsExhausted')
          else if (bisectsOnError) assert.equal(fate, 'done')
        }
        // Each bad record is halved to in log2 steps, and tried again so often as is allowed.
        const most = 1 + poison.size * (2 * (Math.ceil(Math.log2(count)) + 1) + retriesMax + 2)
        assert.ok(invoked.length <= most, `${invoked.length} invocations, of ${most}`)
      },
    ),
  )
})

test('the pause doubles with each failure in vain up to a minute, and progress ends it', () => {
  const plan = new BatchPlan([0, 0], settings)
  const pauses: number[] = []
  for (let failure = 0; failure < 12; failure++) {
    const step = plan.next(0)
    assert.equal(step?.do, 'invoke')
    pauses.push(step.pauseMs)
    plan.failed(failure % 2 === 0)
  }
  assert.deepEqual(pauses, [0, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000])
  plan.next(0)
  plan.failedFrom(1)
  const step = plan.next(0)
  assert.deepEqual(step, { do: 'invoke', from: 1, to: 2, pauseMs: 0 })
})

test('an invocation that could not be made uses up no retry', () => {
  const plan = new BatchPlan([0], { ...settings, retriesMax: 0 })
  for (let i = 0; i < 5; i++) {
    assert.equal(plan.next(0)?.do, 'invoke')
    plan.failed(false)
  }
  plan.next(0)
  plan.failed(true)
  assert.deepEqual(plan.next(0), { do: 'giveUp', from: 0, to: 1, condition: 'RetryAttemptsExhausted', invokeCount: 1 })
})

test('records that are too old are given up before they are invoked, the others are not', () => {
  const plan = new BatchPlan([1000, 2000, 3000], { ...settings, ageMsMax: 500 })
  assert.deepEqual(plan.next(2500), { do: 'giveUp', from: 0, to: 1, condition: 'RecordAgeExceeded', invokeCount: 0 })
  plan.done()
  assert.deepEqual(plan.next(2500), { do: 'invoke', from: 1, to: 3, pauseMs: 0 })
  plan.failed(true)
  assert.deepEqual(plan.next(2501), { do: 'giveUp', from: 1, to: 2, condition: 'RecordAgeExceeded', invokeCount: 1 })
})
