import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { promisify } from 'node:util'
import type { Column } from '../../packages/formats/src/columnar/column-type.ts'
import { orcCases } from '../harness/orc-cases.ts'
import { type OrcCase, rowNotation } from '../harness/orc-files.ts'
import { sameStatistics, statisticsOf } from '../harness/orc-statistics.ts'
import { linesOf, written } from '../harness/orc-written.ts'
import { classpathOf, type ProgramName } from './programs.ts'
import { missingProgram } from './running-program.ts'

/* What we write as ORC, read by Apache's own reader. */

const seed = Number(process.env.SEED ?? Math.trunc(performance.timeOrigin % 2 ** 31))
const program: ProgramName = 'orc'
const skip = missingProgram(program) ?? false

test('Apache’s reader gives back the rows, finds any row by the index, and agrees with the statistics', {
  skip,
  timeout: 900_000,
}, async (t) => {
  t.diagnostic(`SEED=${seed}`)
  const cases = [...orcCases(seed), timesOfAnyYear]
  const files = await written(t, cases)
  await read(files)
  for (const [i, { name, schema, rows }] of cases.entries()) {
    const expected = rows.map((row) => rowNotation(schema, row))
    assert.deepEqual(await linesOf(`${files[i]}.rows`), expected, name)
    for (const line of await linesOf(`${files[i]}.seeks`)) {
      const [row, found] = line.split(/ (.*)/)
      assert.equal(found, expected[Number(row)], `${name}: row ${row}`)
    }
    await checkStatistics(cases[i]!, `${files[i]}.statistics`)
  }
})

/** pyarrow has nanoseconds, and ends in the year 2262. */
const timesOfAnyYear: OrcCase = {
  name: 'times of any year',
  schema: [{ name: 'at', type: { kind: 'timestamp' } }],
  rows: [
    -62_135_596_800_000_000,
    -12_219_292_801_000_000,
    -1_000_001,
    2 ** 53 + 64,
    253_402_300_799_000_000,
    2 ** 60,
  ].map((micros) => [micros]),
  options: {},
}

test('Apache’s reader passes over the row groups that a search’s value cannot be in', { skip }, async (t) => {
  const schema: readonly Column[] = [
    { name: 'number', type: { kind: 'bigint' } },
    { name: 'mixed', type: { kind: 'bigint' } },
    { name: 'word', type: { kind: 'string' } },
    { name: 'share', type: { kind: 'double' } },
    { name: 'small', type: { kind: 'tinyint' } },
  ]
  // All but the first column have their values anywhere: only a bloom filter knows where one is not.
  const rows = Array.from({ length: 20_000 }, (_, i) => {
    const anywhere = (i * 7919) % 20_011
    const mixed = BigInt(anywhere) * 2n ** 49n - 2n ** 62n
    return [i, i % 2 ? mixed : Number(mixed % 2n ** 40n) + anywhere, `word ${anywhere}`, anywhere / 3, i % 100]
  })
  const file: OrcCase = {
    name: 'searched',
    schema,
    rows,
    options: { RowIndexStride: 1000, BloomFilterColumns: ['mixed', 'word', 'share', 'small', 'nowhere'] },
  }
  const wanted = [1, 4321, 19_999]
  const [path] = await written(t, [file])
  const searches = wanted.flatMap((i) => {
    const [number, mixed, word, share] = rows[i]!
    return [`number LONG ${number}`, `mixed LONG ${mixed}`, `word STRING ${word}`, `share FLOAT ${share}`]
  })
  await writeFile(`${path}.searches`, `${[...searches, 'word STRING nowhere', 'small LONG 50'].join('\n')}\n`)
  await read([path!])
  const found = (await linesOf(`${path}.found`)).map((line) =>
    line
      .split(' ')
      .filter((range) => range !== '')
      .map((range) => range.split('+').map(Number) as [number, number]),
  )
  const rowsRead = found.map((ranges) => ranges.reduce((sum, [, count]) => sum + count, 0))
  for (const [s, search] of searches.entries()) {
    const row = wanted[Math.floor(s / 4)]!
    assert.ok(
      found[s]!.some(([from, count]) => row >= from && row < from + count),
      `${search}: row ${row}`,
    )
    // One row group has it; of the 19 others one in twenty may say so wrongly.
    assert.ok(rowsRead[s]! <= (search.startsWith('number') ? 1000 : 6000), `${search}: ${rowsRead[s]} rows read`)
  }
  assert.ok(rowsRead.at(-2)! <= 5000, 'what is nowhere is looked for in few places')
  assert.equal(rowsRead.at(-1), 20_000, 'what is everywhere is looked for everywhere')
})

async function checkStatistics({ name, schema, rows, options }: OrcCase, path: string): Promise<void> {
  const said = await linesOf(path)
  const rowsOfStripes = said.filter((line) => line.startsWith('rows ')).map((line) => Number(line.slice(5)))
  const stride = options.RowIndexStride ?? 10_000
  const expected = new Map<string, string>()
  const expect = (part: string, from: number, to: number) => {
    for (const [column, line] of statisticsOf(schema, rows.slice(from, to)).entries())
      expected.set(`${part} ${column}`, line)
  }
  expect('file 0 0', 0, rows.length)
  let first = 0
  for (const [stripe, count] of rowsOfStripes.entries()) {
    expect(`stripe ${stripe} 0`, first, first + count)
    for (let group = 0; group * stride < count; group++)
      expect(`group ${stripe} ${group}`, first + group * stride, first + Math.min(count, (group + 1) * stride))
    first += count
  }
  assert.equal(first, rows.length)
  for (const line of said.filter((line) => !line.startsWith('rows '))) {
    const [, place, statistics] = /^(\w+ \d+ \d+ \d+) (.*)$/.exec(line)!
    const wanted = expected.get(place!)
    assert.ok(wanted && sameStatistics(statistics!, wanted), `${name}: ${place}: ${statistics}, not ${wanted}`)
    expected.delete(place!)
  }
  assert.deepEqual([...expected.keys()], [], name)
}

async function read(files: readonly string[]): Promise<void> {
  const jvm = ['-XX:+UseSerialGC', '-Xmx512m', '-Duser.timezone=UTC', '-cp', classpathOf(program)!]
  await promisify(execFile)('java', [...jvm, 'OrcReading', ...files], { timeout: 600_000 })
}
