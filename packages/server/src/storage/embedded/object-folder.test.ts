import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemRandom } from '@millrace/ports'
import { type DiskCall, FaultyMemoryDisk } from './disk-fixture.ts'
import { ObjectFolder } from './object-folder.ts'

test('an object is a file in the folder of its bucket, replaced whole', async (t) => {
  const { folder, objects } = await fixture(t)
  await objects.put('failed', 'aws/lambda/1', [Buffer.from('first'), Buffer.from(' half')])
  assert.equal(await readFile(join(folder, 'failed/aws/lambda/1'), 'utf8'), 'first half')
  await objects.put('failed', 'aws/lambda/1', [Buffer.from('second')])
  assert.equal(await readFile(join(folder, 'failed/aws/lambda/1'), 'utf8'), 'second')
  assert.deepEqual(await readdir(join(folder, 'failed/aws/lambda')), ['1'])
})

test('an object without bytes is an empty file', async (t) => {
  const { folder, objects } = await fixture(t)
  await objects.put('b', 'empty', [])
  assert.equal(await readFile(join(folder, 'b/empty'), 'utf8'), '')
})

for (const key of ['..', '../../a', 'a/./b', 'a//b', '/a', 'a/', 'a\\b', 'a\0b', 'x'.repeat(1024), '.millrace/a'])
  test(`the key ${JSON.stringify(key.slice(0, 20))} is a file of its bucket alone`, async (t) => {
    const { folder, objects } = await fixture(t)
    await objects.put('b', key, [Buffer.from('x')])
    assert.deepEqual((await readdir(folder)).sort(), ['.millrace', 'b'])
    const files = (await readdir(join(folder, 'b'), { recursive: true, withFileTypes: true })).filter((e) => e.isFile())
    assert.equal(files.length, 1)
  })

for (const [bucket, key, code] of [
  ['..', 'a', 'InvalidBucketName'],
  ['.millrace', 'a', 'InvalidBucketName'],
  ['b/c', 'a', 'InvalidBucketName'],
  ['', 'a', 'InvalidBucketName'],
  ['b', '', 'InvalidURI'],
  ['b', 'x'.repeat(1025), 'KeyTooLongError'],
] as const)
  test(`${JSON.stringify(bucket)} with key ${JSON.stringify(key.slice(0, 20))} is refused: ${code}`, async (t) => {
    const { folder, objects } = await fixture(t)
    await assert.rejects(objects.put(bucket, key, [Buffer.from('x')]), { code })
    assert.deepEqual(await readdir(folder), [])
  })

test('a key that goes on behind another key is refused, and what was there stays', async (t) => {
  const { folder, objects } = await fixture(t)
  await objects.put('b', 'a/b', [Buffer.from('file')])
  await assert.rejects(objects.put('b', 'a/b/c', [Buffer.from('x')]), { code: 'PathTaken' })
  await assert.rejects(objects.put('b', 'a', [Buffer.from('x')]), { code: 'PathTaken' })
  assert.equal(await readFile(join(folder, 'b/a/b'), 'utf8'), 'file')
})

test('a bucket that somebody removes is made again', async (t) => {
  const { folder, objects } = await fixture(t)
  await objects.put('b', 'a/1', [Buffer.from('x')])
  await rm(join(folder, 'b'), { recursive: true })
  await objects.put('b', 'a/2', [Buffer.from('y')])
  assert.deepEqual(await readdir(join(folder, 'b/a')), ['2'])
})

const calls: DiskCall[] = ['create', 'append', 'dataSync', 'rename', 'syncDirectory']
for (const call of calls)
  test(`when ${call} fails, the bucket has the whole object or none, and nothing beside it`, async () => {
    const disk = new FaultyMemoryDisk()
    const objects = new ObjectFolder('/buckets', { random: systemRandom, fileSystem: disk })
    await objects.put('b', 'a/1', [Buffer.from('first')])
    disk.fails = (failing) => (failing === call ? 'EIO' : undefined)
    await assert.rejects(objects.put('b', 'a/2', [Buffer.from('second')]), { code: 'EIO' })
    disk.fails = () => undefined
    const found = disk.names('/buckets/b/a')
    assert.deepEqual(found, call === 'syncDirectory' ? ['1', '2'] : ['1'])
    if (found.includes('2')) assert.equal(Buffer.from(disk.contents('/buckets/b/a/2')).toString(), 'second')
    assert.deepEqual(disk.names('/buckets/.millrace'), [])
    await objects.put('b', 'a/2', [Buffer.from('again')])
    assert.equal(Buffer.from(disk.contents('/buckets/b/a/2')).toString(), 'again')
  })

test('what a process left that is gone is removed by the next one; what one writes that lives is not', async (t) => {
  const { folder, objects } = await fixture(t)
  await objects.put('b', 'a', [Buffer.from('x')])
  const drafts = join(folder, '.millrace')
  const gone = '00000000-0000-4000-8000-000000000000'
  await writeFile(join(drafts, `${gone}.lock`), JSON.stringify({ pid: 2 ** 22 + 1, started: '' }))
  for (const number of [1, 2]) await writeFile(join(drafts, `${gone}.${number}`), 'half of it')
  const [lock] = (await readdir(drafts)).filter((name) => name.endsWith('.lock') && !name.startsWith(gone))
  const living = lock!.replace('.lock', '.9')
  await writeFile(join(drafts, living), 'on its way')
  const next = new ObjectFolder(folder, { random: systemRandom })
  await next.put('b', 'b', [Buffer.from('y')])
  const left = await readdir(drafts)
  assert.ok(left.includes(living) && left.includes(lock!))
  assert.deepEqual(
    left.filter((name) => name.startsWith(gone)),
    [],
  )
  await next.close()
})

test('an object in a folder that is known costs five calls of the disk, and a close', async () => {
  const disk = new FaultyMemoryDisk()
  const objects = new ObjectFolder('/buckets', { random: systemRandom, fileSystem: disk })
  await objects.put('b', 'a/1', [Buffer.from('x')])
  const before = calls.map((call) => disk.count(call))
  await objects.put('b', 'a/2', [Buffer.from('x')])
  const made = calls.map((call, i) => [call, disk.count(call) - before[i]!])
  assert.deepEqual(Object.fromEntries(made), { create: 1, append: 1, dataSync: 1, rename: 1, syncDirectory: 1 })
})

test('an object is read back, one that is not there is none, and one that is too large is refused', async (t) => {
  const { objects } = await fixture(t)
  await objects.put('b', 'a/b', [Buffer.from('four')])
  assert.equal(Buffer.from((await objects.get('b', 'a/b', 4))!).toString(), 'four')
  for (const key of ['a', 'a/c', 'a/b/c', '../b/a/b'])
    assert.equal(await objects.get('b', key, 100_000), undefined, key)
  await assert.rejects(objects.get('b', 'a/b', 3), { name: 'Error', code: 'EFBIG' })
  await assert.rejects(objects.get('..', 'a', 3), { code: 'InvalidBucketName' })
})

async function fixture(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-objects-'))
  const objects = new ObjectFolder(folder, { random: systemRandom })
  t.after(async () => {
    await objects.close()
    await rm(folder, { recursive: true, force: true })
  })
  return { folder, objects }
}
