import fc from 'fast-check'
import type { Column, ColumnValue } from '../../packages/formats/src/columnar/column-type.ts'
import { everyType, type OrcCase, valuesOf } from './orc-files.ts'

const compressions = ['NONE', 'ZLIB', 'SNAPPY'] as const
const versions = ['V0_11', 'V0_12'] as const

/** Files of every kind that a reader must give back as they were written; what is random goes by the seed. */
export function orcCases(seed: number): readonly OrcCase[] {
  const rows = fc.sample(fc.tuple(...everyType.map(({ type }) => valuesOf(type))), { seed, numRuns: 2600 })
  const every = { schema: everyType, rows }
  return [
    ...compressions.flatMap((Compression) =>
      versions.map((FormatVersion) => ({
        ...every,
        name: `every type, ${Compression}, ${FormatVersion}`,
        options: { Compression, FormatVersion, RowIndexStride: 1000 },
      })),
    ),
    { ...every, name: 'no rows', rows: [], options: {} },
    { ...every, name: 'one row', rows: rows.slice(0, 1), options: {} },
    {
      ...every,
      name: 'nothing but nulls',
      rows: Array.from({ length: 2500 }, () => everyType.map(() => null)),
      options: { RowIndexStride: 1000, Compression: 'ZLIB' },
    },
    ...stringCases(seed),
    ...runCases(),
    ...largeCases(),
  ]
}

/** With dictionaries and without; strings that come to repeat, and that cease to. */
function stringCases(seed: number): OrcCase[] {
  const schema: readonly Column[] = ['few', 'all', 'late', 'soon'].map((name) => ({ name, type: { kind: 'string' } }))
  const nulls = fc.sample(fc.integer({ min: 0, max: 4 }), { seed, numRuns: 5000 })
  const rows = nulls.map((n, i): ColumnValue[] => [
    n === 0 ? null : `few ${i % 7}`,
    `all ${i} é`,
    i < 2000 ? `late ${i}` : 'late',
    n === 1 ? null : i < 1000 ? 'soon' : `soon ${i}`,
  ])
  return [0, 0.5, 1].flatMap((DictionaryKeyThreshold) =>
    versions.map((FormatVersion) => ({
      name: `strings, DictionaryKeyThreshold ${DictionaryKeyThreshold}, ${FormatVersion}`,
      schema,
      rows,
      options: { DictionaryKeyThreshold, FormatVersion, RowIndexStride: 1000, Compression: 'ZLIB' },
    })),
  )
}

/** Whole numbers in every kind of run. */
function runCases(): OrcCase[] {
  const schema: readonly Column[] = ['repeats', 'rises', 'outliers', 'ids', 'falls'].map((name) => ({
    name,
    type: { kind: 'bigint' },
  }))
  const rows = Array.from({ length: 6000 }, (_, i): ColumnValue[] => [
    Math.floor(i / ((i % 1000) + 1)),
    i % 3 === 0 ? i * i : i * i + (i % 7),
    i % 97 === 0 ? 2 ** 45 + i : (i * 7919) % 200,
    2n ** 62n + BigInt(i) * 4096n + BigInt(i % 3),
    i % 500 === 3 ? null : 2 ** 52 - i * 1_000_003,
  ])
  return versions.map((FormatVersion) => ({
    name: `runs, ${FormatVersion}`,
    schema,
    rows,
    options: { FormatVersion, RowIndexStride: 1000, Compression: 'NONE' },
  }))
}

/** Several stripes, several chunks of compression in a stream. */
function largeCases(): OrcCase[] {
  const schema: readonly Column[] = [
    { name: 'number', type: { kind: 'int' } },
    { name: 'airport', type: { kind: 'string' } },
    { name: 'id', type: { kind: 'string' } },
    { name: 'price', type: { kind: 'double' } },
    { name: 'at', type: { kind: 'timestamp' } },
    { name: 'tags', type: { kind: 'array', element: { kind: 'int' } } },
  ]
  const rows = Array.from({ length: 200_000 }, (_, i): ColumnValue[] => [
    i,
    i % 11 === 0 ? null : `airport ${(i * 7) % 300}`,
    `id-${i.toString(36)}-${(i * 2654435761) % 1_000_003}`,
    i / 7,
    1_700_000_000_000_000 + i * 1234,
    Array.from({ length: i % 4 }, (_, n) => i + n),
  ])
  return [
    { Compression: 'SNAPPY', FormatVersion: 'V0_12', StripeSizeBytes: 2 ** 20 } as const,
    { Compression: 'ZLIB', FormatVersion: 'V0_11', StripeSizeBytes: 2 ** 22, EnablePadding: true } as const,
  ].map((options) => ({ name: `200,000 rows, ${options.Compression}`, schema, rows, options }))
}
