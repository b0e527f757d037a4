import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryCatalog } from '../../storage/memory/memory-catalog.ts'
import { changed, type Stream } from './stream.ts'
import { activeStream } from './stream-fixture.ts'
import { StreamStore } from './stream-store.ts'

const place = { accountId: '000000000000', region: 'us-east-1' }

const streamNamed = (name: string, id = name): Stream => activeStream(1, { id, name })

test('a stream is found after it is made, by every store of the catalog, and by one that is opened later', async () => {
  const catalog = new MemoryCatalog()
  const [one, other] = [new StreamStore(catalog, place), new StreamStore(catalog, place)]
  await one.create(streamNamed('b'))
  await one.create(streamNamed('a'))
  for (const store of [one, other, new StreamStore(catalog, place)]) {
    assert.equal(store.get('a').id, 'a')
    assert.deepEqual(
      store.all().map(({ name }) => name),
      ['a', 'b'],
    )
  }
  assert.equal(one.find('c'), undefined)
  assert.throws(() => one.get('c'), {
    code: 'ResourceNotFoundException',
    message: 'Stream c under account 000000000000 not found.',
  })
})

test('a name is taken once', async () => {
  const store = new StreamStore(new MemoryCatalog(), place)
  const outcomes = await Promise.allSettled([store.create(streamNamed('s', '1')), store.create(streamNamed('s', '2'))])
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
  assert.equal(store.get('s').id, '1')
  await assert.rejects(store.create(streamNamed('s')), {
    code: 'ResourceInUseException',
    message: 'Stream s under account 000000000000 already exists.',
  })
})

test('only an ACTIVE stream is at rest', async () => {
  const store = new StreamStore(new MemoryCatalog(), place)
  await store.create(streamNamed('s'))
  assert.equal(store.active('s').name, 's')
  await store.update('s', (stream) => changed(stream, { status: 'DELETING' }))
  assert.throws(() => store.active('s'), {
    code: 'ResourceInUseException',
    message: 'Stream s under account 000000000000 not ACTIVE, instead in state DELETING',
  })
})

test('no change is lost when many are made at once, from several stores', async () => {
  const catalog = new MemoryCatalog()
  const stores = [new StreamStore(catalog, place), new StreamStore(catalog, place)]
  await stores[0]!.create(streamNamed('s'))
  await Promise.all(
    Array.from({ length: 40 }, (_, i) =>
      stores[i % 2]!.update('s', (stream) => changed(stream, { countUpdatesMs: [...stream.countUpdatesMs, i] })),
    ),
  )
  for (const store of stores)
    assert.deepEqual(
      [...store.get('s').countUpdatesMs].sort((a, b) => a - b),
      Array.from({ length: 40 }, (_, i) => i),
    )
})

test('an update that gives back the same stream, or throws, changes nothing', async () => {
  const catalog = new MemoryCatalog()
  const store = new StreamStore(catalog, place)
  await store.create(streamNamed('s'))
  const { version } = catalog.get('stream/s')!
  const same = await store.update('s', (stream) => stream)
  assert.equal(same, store.get('s'))
  await assert.rejects(
    store.update('s', () => {
      throw new Error('no')
    }),
    { message: 'no' },
  )
  assert.equal(catalog.get('stream/s')!.version, version)
  await assert.rejects(
    store.update('none', (stream) => stream),
    { code: 'ResourceNotFoundException' },
  )
})

test('a stream is removed only while it is the one that was meant', async () => {
  const store = new StreamStore(new MemoryCatalog(), place)
  await store.create(streamNamed('s', 'new'))
  await store.remove(streamNamed('s', 'old'))
  assert.equal(store.get('s').id, 'new')
  await store.update('s', (stream) => changed(stream, { retentionHours: 25 }))
  await store.remove(streamNamed('s', 'new'))
  assert.equal(store.find('s'), undefined)
})

test('a watcher hears of each change after it can be seen, until it stops', async () => {
  const store = new StreamStore(new MemoryCatalog(), place)
  const heard: [string, string | undefined][] = []
  const stop = store.watch((name) => heard.push([name, store.find(name)?.status]))
  await store.create(streamNamed('s'))
  await store.update('s', (stream) => changed(stream, { status: 'DELETING' }))
  await store.remove(streamNamed('s'))
  stop()
  await store.create(streamNamed('t'))
  assert.deepEqual(heard, [
    ['s', 'ACTIVE'],
    ['s', 'DELETING'],
    ['s', undefined],
  ])
})
