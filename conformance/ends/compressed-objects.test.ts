import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemRandom } from '@millrace/ports'
import type { DeliveryRecord } from '../../packages/server/src/services/firehose/delivery/delivery-record.ts'
import { javaTimes } from '../../packages/server/src/services/firehose/destinations/s3/java-times-fixture.ts'
import { S3Destination } from '../../packages/server/src/services/firehose/destinations/s3/s3-destination.ts'
import { formatTime, isTimePattern } from '../../packages/server/src/services/firehose/destinations/s3/time-format.ts'
import { s3WithDefaults } from '../../packages/server/src/services/firehose/settings/defaults.ts'
import { missing } from '../clients/installed.ts'

/* What Firehose puts into a bucket, read by those who had no part in writing it. */

const folder = mkdtempSync(join(tmpdir(), 'millrace-ends-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

/** Python's own gzip and zipfile; kafka-python for snappy-java's stream, python-snappy for Hadoop's. */
const readers = {
  GZIP: ['import gzip', 'out = gzip.decompress(data)'],
  ZIP: [
    'import io, uuid, zipfile',
    'archive = zipfile.ZipFile(io.BytesIO(data))',
    'assert archive.testzip() is None',
    '[info] = archive.infolist()',
    'uuid.UUID(info.filename)',
    'assert info.date_time == (2026, 5, 6, 7, 8, 8), info.date_time',
    'out = archive.read(info)',
  ],
  Snappy: ['from kafka.codec import snappy_decode', 'out = snappy_decode(data)'],
  HADOOP_SNAPPY: [
    'import io',
    'from snappy.snappy import hadoop_stream_decompress',
    'plain = io.BytesIO()',
    'hadoop_stream_decompress(io.BytesIO(data), plain)',
    'out = plain.getvalue()',
  ],
} as const
const needed = { GZIP: 'gzip', ZIP: 'zipfile', Snappy: 'kafka.codec, snappy', HADOOP_SNAPPY: 'snappy' }

for (const format of Object.keys(readers) as (keyof typeof readers)[]) {
  const skip = missing(`Python with ${needed[format]}`, 'python3', ['-c', `import ${needed[format]}`])
  test(`Python reads ${format}, of no byte, of a few and of many blocks`, { skip }, async () => {
    const few = [Buffer.from('one\n'), Buffer.from('two\n')]
    const many = Array.from({ length: 5000 }, (_, i) => Buffer.from(`${i} ${Math.sin(i)} ${'x'.repeat(i % 200)}\n`))
    // kafka-python takes a stream without a block for something else
    const none = format === 'Snappy' ? [] : [[Buffer.alloc(0)]]
    for (const records of [...none, few, many]) {
      const [written, read] = [join(folder, 'written'), join(folder, 'read')]
      writeFileSync(written, await objectOf(records, format))
      const lines = [`data = open(${JSON.stringify(written)}, 'rb').read()`, ...readers[format]]
      const program = [...lines, `open(${JSON.stringify(read)}, 'wb').write(out)`].join('\n')
      const { status, stderr } = spawnSync('python3', ['-c', program], { encoding: 'utf8' })
      assert.equal(status, 0, stderr)
      assert.ok(readFileSync(read).equals(Buffer.concat(records)))
    }
  })
}

const noJava = missing('Java', 'java', ['-version'])
test('times in keys are those of Java, letter by letter and zone by zone', { skip: noJava }, () => {
  const atMs = Date.UTC(2026, 10, 30, 17, 45, 9, 120)
  const zones = ['UTC', 'Asia/Kolkata', 'America/New_York', 'Europe/Paris']
  // short and generic names of zones are the ones that ICU has, and Java has others
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuwxyz']
  const singles = letters.flatMap((letter) =>
    [1, 2, 3, 4, 5, 6]
      .filter((width) => letter !== 'z' || width > 3)
      .flatMap((width) => zones.map((zone) => [letter.repeat(width), atMs, zone] as const)),
  )
  const cases = [...javaTimes, ...singles]
  const source = join(folder, 'Times.java')
  writeFileSync(source, javaProgram)
  const input = cases.map(([pattern, at, zone]) => `${pattern}\t${at}\t${zone}\n`).join('')
  const { status, stderr, stdout } = spawnSync('java', [source], { encoding: 'utf8', input })
  assert.equal(status, 0, stderr)
  const java = stdout.split('\n')
  for (const [i, [pattern, at, zone]] of cases.entries())
    assert.equal(isTimePattern(pattern) ? formatTime(pattern, at, zone) : 'refused', java[i], `${pattern} in ${zone}`)
})

const javaProgram = `
import java.io.*;
import java.time.*;
import java.time.format.*;
import java.util.*;

class Times {
  public static void main(String[] arguments) throws IOException {
    var lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line; (line = lines.readLine()) != null; ) {
      var fields = line.split("\\t");
      var at = Instant.ofEpochMilli(Long.parseLong(fields[1])).atZone(ZoneId.of(fields[2]));
      String written;
      try {
        written = DateTimeFormatter.ofPattern(fields[0], Locale.US).format(at);
      } catch (IllegalArgumentException refused) {
        written = "refused";
      }
      System.out.println(written);
    }
  }
}
`

/** The bytes that a delivery stream puts into its bucket. */
async function objectOf(records: readonly Buffer[], CompressionFormat: keyof typeof readers): Promise<Buffer> {
  let object = Buffer.alloc(0)
  const objects = {
    async put(_bucket: string, _key: string, parts: readonly Uint8Array[]) {
      object = Buffer.concat(parts)
    },
  }
  const given = { RoleARN: 'arn:aws:iam::000000000000:role/any', BucketARN: 'arn:aws:s3:::lake', CompressionFormat }
  const settings = s3WithDefaults(given as unknown as Parameters<typeof s3WithDefaults>[0])
  const destination = new S3Destination({ objects, random: systemRandom, name: 'd' }, settings)
  const page = { lane: 'put', next: '1', left: 1, first: 0, end: 0 }
  await destination.deliver({
    id: systemRandom.uuid(),
    version: 1,
    records: records.map((data, i): DeliveryRecord => ({ position: 0, recordId: `${i}`, arrivalMs: 0, data, page })),
    firstArrivalMs: Date.UTC(2026, 4, 6, 7, 8, 9),
  })
  return object
}
