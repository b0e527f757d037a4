import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import {
  CreateDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  FirehoseClient,
  PutRecordBatchCommand,
} from '@aws-sdk/client-firehose'
import { startMillrace } from '../../packages/server/src/index.ts'
import { missing } from '../clients/installed.ts'
import { connectionTo } from '../harness/connection.ts'
import { orcCases } from '../harness/orc-cases.ts'
import { doubleNotation, type OrcCase, rowNotation, textNotation } from '../harness/orc-files.ts'
import { linesOf, written } from '../harness/orc-written.ts'

const seed = Number(process.env.SEED ?? Math.trunc(performance.timeOrigin % 2 ** 31))

const skip = missing('pyarrow', 'python3', ['-c', 'import pyarrow.orc']) ?? false

test('pyarrow gives back the rows of every file of ORC', { skip, timeout: 600_000 }, async (t) => {
  t.diagnostic(`SEED=${seed}`)
  const cases = orcCases(seed)
  const files = await written(t, cases)
  await readByPyarrow(files)
  for (const [i, one] of cases.entries()) {
    const expected = one.rows.map((row) => rowNotation(one.schema, row))
    const found = (await linesOf(`${files[i]}.rows`)).map((line) => withoutPadding(one, line))
    assert.deepEqual(found, expected, one.name)
  }
})

test('pyarrow reads what Firehose made of JSON, each record once', { skip, timeout: 600_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-ends-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const [data, schemas] = [join(folder, 'data'), join(folder, 'schemas')]
  const types = {
    id: 'int',
    airport: 'string',
    at: 'timestamp',
    price: 'decimal(7,2)',
    tags: 'map<string,array<double>>',
  }
  const Columns = Object.entries(types).map(([Name, Type]) => ({ Name, Type }))
  await mkdir(join(schemas, 'lake'), { recursive: true })
  await writeFile(join(schemas, 'lake/flights.json'), JSON.stringify({ StorageDescriptor: { Columns } }))
  const server = await startMillrace({ data, schemas, limits: 'off', transitionMs: 0 })
  t.after(() => server.stop())
  const firehose = new FirehoseClient({ ...connectionTo(server) })
  t.after(() => firehose.destroy())
  const DeliveryStreamName = 'flights'
  const RoleARN = 'arn:aws:iam::000000000000:role/any'
  await firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName,
      ExtendedS3DestinationConfiguration: {
        RoleARN,
        BucketARN: 'arn:aws:s3:::lake',
        Prefix: 'flights/',
        BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 1 },
        DataFormatConversionConfiguration: {
          SchemaConfiguration: { RoleARN, DatabaseName: 'lake', TableName: 'flights' },
          InputFormatConfiguration: { Deserializer: { OpenXJsonSerDe: {} } },
          OutputFormatConfiguration: { Serializer: { OrcSerDe: { BloomFilterColumns: ['airport'] } } },
        },
      },
    }),
  )
  const description = () => firehose.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName }))
  while ((await description()).DeliveryStreamDescription!.DeliveryStreamStatus !== 'ACTIVE');
  const count = 2500
  const expected = new Set<string>()
  for (let from = 0; from < count; from += 500) {
    const Records = Array.from({ length: 500 }, (_, i) => {
      const id = from + i
      const airport = id % 5 === 0 ? null : `Zürich ${id % 30}`
      const price = (id / 100).toFixed(2)
      const text = `{"id":${id},"airport":${JSON.stringify(airport)},"at":"2026-05-06 07:08:09.${id}","price":${price},"tags":{"a":[${id}.5,null]}}`
      const tags = `{${textNotation('a')}:[${doubleNotation(id + 0.5)},~]}`
      const at = Date.UTC(2026, 4, 6, 7, 8, 9) * 1000 + Number(String(id).padEnd(6, '0'))
      expected.add(`(${id},${airport === null ? '~' : textNotation(airport)},${at},${id},${tags})`)
      return { Data: Buffer.from(text) }
    })
    await firehose.send(new PutRecordBatchCommand({ DeliveryStreamName, Records }))
  }
  const bucket = join(data, 'buckets/lake')
  let found: string[] = []
  for (const signal = AbortSignal.timeout(300_000); found.length < count; signal.throwIfAborted()) {
    const names = await readdir(bucket, { recursive: true }).catch(() => [])
    const files = names.filter((name) => name.endsWith('.orc')).map((name) => join(bucket, name))
    if (files.length > 0) await readByPyarrow(files)
    found = (await Promise.all(files.map((file) => linesOf(`${file}.rows`)))).flat()
  }
  assert.equal(found.length, count)
  assert.deepEqual(new Set(found), expected)
})

const readByPyarrow = (files: readonly string[]) =>
  promisify(execFile)('python3', [join(import.meta.dirname, 'read_orc.py'), ...files], { timeout: 600_000 })

/** Takes off the blanks that fill a char, which pyarrow leaves at it. */
function withoutPadding({ schema }: OrcCase, line: string): string {
  const column = schema.findIndex(({ type }) => type.kind === 'char')
  if (column < 0) return line
  const before = new RegExp(`^(\\((?:[^,]*,){${column}}x(?:[0-9a-f]{2})*?)(?:20)+,`)
  return line.replace(before, '$1,')
}
