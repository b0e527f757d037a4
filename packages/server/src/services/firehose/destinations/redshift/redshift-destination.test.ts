import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DeliveryBatch, DeliveryFailed } from '../destination.ts'
import type { Staged } from './loader.ts'
import { RedshiftDestination } from './redshift-destination.ts'

const never = new AbortController().signal

const batchOf = (id: string): DeliveryBatch => ({
  ...{ id, version: 1, firstArrivalMs: 0 },
  records: ['a', 'b'].map((text) => ({
    ...{
      position: 0,
      recordId: text,
      arrivalMs: 0,
      data: Buffer.from(text),
      page: { lane: 'put', next: '1', left: 1, first: 0, end: 0 },
    },
  })),
})

function destination(load: (staged: Staged) => Promise<void>) {
  const objects = new Map<string, string>()
  let staged = 0
  const made = new RedshiftDestination({
    objects: {
      async put(bucket, key, parts) {
        objects.set(`${bucket}/${key}`, Buffer.concat(parts).toString())
      },
    },
    ...{ bucket: 'lake', prefix: 'in/' },
    stage: async ({ id }) => `in/2026/01/02/03/d-${id}-${++staged}`,
    loader: { load },
  })
  return { made, objects }
}

const manifest = '{"entries":[{"url":"s3://lake/in/2026/01/02/03/d-x-1","mandatory":true}]}'

test('a batch is staged once however often it is tried, with a manifest beside it', async () => {
  const seen: string[] = []
  const { made, objects } = destination(async ({ bytes, manifestUrl, objectUrl }) => {
    seen.push(`${Buffer.from(bytes)} ${objectUrl} ${manifestUrl}`)
    if (seen.length < 3) throw new DeliveryFailed('Redshift.DiskFull', 'full')
  })
  for (let tries = 0; tries < 2; tries++) await assert.rejects(made.deliver(batchOf('x'), never), DeliveryFailed)
  assert.deepEqual(await made.deliver(batchOf('x'), never), [])
  const one = 'ab s3://lake/in/2026/01/02/03/d-x-1 s3://lake/in/manifests/2026/01/02/03/d-x-1'
  assert.deepEqual(seen, [one, one, one])
  assert.deepEqual([...objects], [['lake/in/manifests/2026/01/02/03/d-x-1', manifest]])
})

test('what is given up is in a manifest among the errors, also when it never got as far as the bucket', async () => {
  const { made, objects } = destination(async () => {})
  await made.giveUp(batchOf('x'))
  assert.equal(objects.get('lake/in/errors/manifests/2026/01/02/03/d-x-1'), manifest)
  assert.equal(objects.size, 2)
})

test('rows that are left out are told beside the object, one on each line', async () => {
  const row = { filename: 's3://lake/x', line_number: 7, raw_line: 'x', err_code: '22P02', err_reason: 'no number' }
  const { made, objects } = destination(({ skip }) => skip([row, row]))
  await made.deliver(batchOf('x'), never)
  const line = JSON.stringify(row)
  assert.equal(objects.get('lake/in/errors/load-errors/2026/01/02/03/d-x-1'), `${line}\n${line}\n`)
})
