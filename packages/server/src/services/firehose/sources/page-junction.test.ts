import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PageJunction } from './page-junction.ts'

const page = (lane: string, next: string) => () => [{ lane, next, records: [] }]

test('pages are taken first come, first served, and who offers one waits until it is taken', async () => {
  const junction = new PageJunction()
  const taken: string[] = []
  const offers = ['a', 'b'].map(async (lane) => {
    for (const next of ['1', '2']) {
      assert.equal(await junction.offer(page(lane, next)), true)
      taken.push(`${lane}${next}`)
    }
  })
  const seen: string[] = []
  for await (const { lane, next } of junction.pages()) {
    seen.push(`${lane}${next}`)
    assert.ok(taken.length <= seen.length, 'nobody goes on before his page is taken')
    if (seen.length === 4) break
  }
  await Promise.all(offers)
  assert.deepEqual(seen, ['a1', 'b1', 'a2', 'b2'])
})

test('at the end nobody waits any more: neither with a page nor for one', async () => {
  const junction = new PageJunction()
  const offered = junction.offer(page('a', '1'))
  junction.end()
  assert.deepEqual([await offered, await junction.offer(page('a', '2'))], [false, false])
  for await (const _ of junction.pages()) assert.fail('nothing is taken any more')
})

test('an error of those who offer is told to whoever takes', async () => {
  const junction = new PageJunction()
  const reading = (async () => {
    for await (const _ of junction.pages()) assert.fail('there is no page')
  })()
  junction.end(new Error('damaged'))
  await assert.rejects(reading, /damaged/)
})
