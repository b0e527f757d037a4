import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fleet, failoverTimeMs } from './fleet-model.ts'

type Deed = (fleet: Fleet) => void | Promise<void>

const which = fc.nat(20)
const put =
  (many: number): Deed =>
  (fleet) => {
    for (let i = 0; i < many; i++) fleet.put.add(fleet.kinesis.put(i * 7))
  }

/** Named, so that a failing run can be read. */
const deed = (name: string, act: (fleet: Fleet, value: number) => void | Promise<void>, value = which) =>
  value.map((chosen) => Object.assign((fleet: Fleet) => act(fleet, chosen), { toString: () => `${name} ${chosen}` }))

const deeds = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: deed('put', (fleet, many) => put(many)(fleet)) },
    { weight: 6, arbitrary: deed('pass', (fleet, steps) => fleet.advance(250 * steps)) },
    {
      weight: 2,
      arbitrary: deed('start', (fleet, skew) =>
        fleet.members.length < 5 ? fleet.start((skew - 10) * 60_000) : undefined,
      ),
    },
    { weight: 2, arbitrary: deed('kill', (fleet, one) => fleet.kill(one)) },
    { weight: 2, arbitrary: deed('pause', (fleet, one) => fleet.pause(one)) },
    { weight: 2, arbitrary: deed('resume', (fleet, one) => fleet.resume(one)) },
    { weight: 1, arbitrary: deed('stop', (fleet, one) => fleet.stop(one)) },
    { weight: 1, arbitrary: deed('set the clock', (fleet, skew) => fleet.setClock(skew, (skew - 10) * 3_600_000)) },
    { weight: 2, arbitrary: deed('split', (fleet, one) => fleet.kinesis.split(one)) },
    { weight: 1, arbitrary: deed('merge', (fleet, one) => fleet.kinesis.merge(one)) },
    { weight: 1, arbitrary: deed('hand over', (fleet, one) => fleet.handOver(one)) },
    { weight: 1, arbitrary: deed('remove a row', (fleet, one) => fleet.removeRow(one)) },
    { weight: 1, arbitrary: deed('expire iterators', (fleet) => fleet.expireIterators()) },
    { weight: 1, arbitrary: deed('throttle', (fleet, reads) => fleet.throttle(reads)) },
    { weight: 1, arbitrary: deed('poison', (fleet, level) => fleet.poisonBy(level % 5)) },
    { weight: 1, arbitrary: deed('table down or up', (fleet) => fleet.toggleOutage()) },
  ),
  { minLength: 10, maxLength: 40 },
)

/** The same fleets each time; FLEET_RUNS=500 tries others, and says their seed when one fails. */
const runs = process.env.FLEET_RUNS ? { numRuns: Number(process.env.FLEET_RUNS) } : { numRuns: 20, seed: 20261121 }

test('a fleet that is killed, paused, resharded and cut off loses nothing, keeps order and parents first', async () => {
  await fc.assert(
    fc.asyncProperty(deeds, async (acts) => {
      const fleet = new Fleet(3)
      await fleet.start(0)
      await put(10)(fleet)
      for (const act of acts) await act(fleet)
      await fleet.settle()
    }),
    runs,
  )
})

test('a worker that was killed loses its leases within the failover time and a scan, and little is repeated', async () => {
  const fleet = new Fleet(6)
  await fleet.start(0)
  await fleet.start(3_600_000)
  await fleet.advance(20_000)
  const [first, second] = fleet.members
  assert.deepEqual([first!.consumer.shardIds.length, second!.consumer.shardIds.length], [3, 3])
  await put(60)(fleet)
  await fleet.advance(5000)
  fleet.kill(0)
  await fleet.advance(failoverTimeMs + 2 * (failoverTimeMs / 2) + 250)
  assert.equal(second!.consumer.shardIds.length, 6)
  await fleet.settle()
  const repeated = [...fleet.processed.values()].filter((times) => times > 1).length
  assert.ok(repeated <= 3 * fleet.kinesis.pageRecords, `${repeated} records were repeated`)
})
