import type { Column, ColumnBatch, ColumnFile, ColumnValue } from '@millrace/formats/columnar'
import { compressSync } from 'snappy'
import { OrcFile } from '../../packages/formats/src/columnar/orc/orc-file.ts'
import { ParquetFile } from '../../packages/formats/src/columnar/parquet/parquet-file.ts'
import { atMost, type Effort, type Question, ratioWithin } from '../question.ts'

const rowsOfBatch = 5000
const batchCount = 20
const orcTitle = 'Rows of 10 columns to ORC, Snappy'
const parquetTitle = 'Rows of 10 columns to Parquet, Snappy, hyparquet-writer'
const cpu = { unit: 'µs/row', better: 'less' } as const

export const columnar: Question = {
  name: 'columnar',
  asks: 'Processor time to write rows of 10 columns (strings, whole numbers, doubles, times) as a file',
  figures: [
    {
      title: orcTitle,
      ...cpu,
      // 40,000 records of a second, on the half of a core that reading their JSON leaves.
      must: [ratioWithin(parquetTitle, orcTitle, 1, '≥ hyparquet-writer'), atMost(orcTitle, 12, 'µs')],
    },
    { title: parquetTitle, ...cpu },
  ],
  peers: [],
  measure: async (_, effort) => measureBoth(effort),
}

const schema: readonly Column[] = [
  { name: 'id', type: { kind: 'bigint' } },
  { name: 'at', type: { kind: 'timestamp' } },
  { name: 'user', type: { kind: 'string' } },
  { name: 'city', type: { kind: 'string' } },
  { name: 'message', type: { kind: 'string' } },
  { name: 'count', type: { kind: 'int' } },
  { name: 'price', type: { kind: 'double' } },
  { name: 'ratio', type: { kind: 'double' } },
  { name: 'seen', type: { kind: 'boolean' } },
  { name: 'size', type: { kind: 'int' } },
]

function measureBoth({ seconds }: Effort): number[] {
  const batches = Array.from({ length: batchCount }, (_, b) => batchFrom(b * rowsOfBatch))
  const snappy = (bytes: Uint8Array): Uint8Array => compressSync(bytes)
  const files: readonly (() => ColumnFile)[] = [
    () => new OrcFile(schema, {}, snappy),
    () => new ParquetFile(schema, { snappy }),
  ]
  const usedUs = [0, 0]
  const runs = [0, 0]
  // In turn, so that what else the machine does meets both; the first second compiles.
  const startedMs = performance.now()
  for (let ms = 0; ms < (1 + 2 * seconds) * 1000 || runs[0] === 0; ms = performance.now() - startedMs) {
    for (const [i, begin] of files.entries()) {
      const before = process.cpuUsage()
      const file = begin()
      for (const batch of batches) file.add(batch)
      file.finish()
      const { user, system } = process.cpuUsage(before)
      if (ms < 1000) continue
      usedUs[i]! += user + system
      runs[i]!++
    }
  }
  return usedUs.map((us, i) => us / runs[i]! / (rowsOfBatch * batchCount))
}

/** Rows as they come: each value parsed anew, none shared. */
function batchFrom(first: number): ColumnBatch {
  const rows = Array.from({ length: rowsOfBatch }, (_, r): ColumnValue[] => {
    const i = first + r
    const random = (i * 2_654_435_761) % 4_294_967_291
    return JSON.parse(
      JSON.stringify([
        i,
        1_700_000_000_000_000 + i * 1000 + (random % 1_000_000),
        `user-${random % 1_000_000}`,
        `city ${random % 200}`,
        `request ${random} took ${random % 997} ms on host ${random % 50}`,
        random % 1000,
        (random % 100_000) / 100,
        random / 4_294_967_291,
        random % 2 === 0,
        random % 1_000_003,
      ]),
    )
  })
  return { schema, rowCount: rows.length, columns: schema.map((_, c) => rows.map((row) => row[c]!)) }
}
