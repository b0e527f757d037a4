import type { Column, ColumnType, ColumnValue } from '../../packages/formats/src/columnar/column-type.ts'
import { doubleNotation, textNotation, timestampAsRead } from './orc-files.ts'

/** What the statistics of rows must say, column by column, in the notation of the program that reads them. */
export const statisticsOf = (schema: readonly Column[], rows: readonly (readonly ColumnValue[])[]): readonly string[] =>
  ofColumn({ kind: 'struct', fields: schema }, rows)

function ofColumn(type: ColumnType, values: readonly ColumnValue[]): string[] {
  const present = values.filter((value) => value !== null)
  const counts = `${present.length} ${present.length < values.length}`
  return [present.length === 0 ? counts : [counts, ...ofValues(type, present)].join(' '), ...within(type, present)]
}

/** Of the columns within a column. */
function within(type: ColumnType, values: readonly ColumnValue[]): string[] {
  const lists = values as ColumnValue[][]
  if (type.kind === 'struct')
    return type.fields.flatMap((field, i) =>
      ofColumn(
        field.type,
        lists.map((struct) => struct[i]!),
      ),
    )
  if (type.kind === 'array') return ofColumn(type.element, lists.flat())
  if (type.kind !== 'map') return []
  const entries = (values as [ColumnValue, ColumnValue][][]).flat()
  const keys = entries.map(([key]) => key)
  const mapped = entries.map(([, value]) => value)
  return [...ofColumn(type.key, keys), ...ofColumn(type.value, mapped)]
}

function ofValues(type: ColumnType, values: readonly ColumnValue[]): readonly (string | number | bigint)[] {
  switch (type.kind) {
    case 'boolean':
      return [values.filter((value) => value).length]
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint': {
      const [min, max, sum] = bounds(values.map((value) => BigInt(value as number)))
      return [min, max, sum === BigInt.asIntN(64, sum) ? sum : '~']
    }
    case 'float':
    case 'double': {
      const numbers = values.map((value) => (type.kind === 'float' ? Math.fround(value as number) : (value as number)))
      const comparable = numbers.filter((value) => !Number.isNaN(value))
      const least = comparable.length === 0 ? Number.NaN : comparable.reduce((a, b) => Math.min(a, b))
      const most = comparable.length === 0 ? Number.NaN : comparable.reduce((a, b) => Math.max(a, b))
      return [doubleNotation(least), doubleNotation(most), 'about', sumOf(numbers), 'of', sumOf(numbers.map(Math.abs))]
    }
    case 'string':
      return ofTexts(values.map((value) => (value as string).toWellFormed()))
    case 'varchar':
      return ofTexts(values.map((value) => [...(value as string)].slice(0, type.length).join('')))
    case 'char':
      return ofTexts(values.map((value) => (value as string).slice(0, type.length).padEnd(type.length)))
    case 'binary':
      return [values.reduce<number>((sum, value) => sum + (value as Uint8Array).length, 0)]
    case 'date':
      return bounds(values.map((value) => BigInt(value as number))).slice(0, 2)
    case 'timestamp':
      return bounds(values.map((value) => BigInt(timestampAsRead(value as number)))).slice(0, 2)
    case 'decimal': {
      const [min, max, sum] = bounds(values as bigint[])
      const isTooLong = sum >= 10n ** 38n || sum <= -(10n ** 38n)
      return [decimal(min, type.scale), decimal(max, type.scale), isTooLong ? '~' : decimal(sum, type.scale)]
    }
    case 'array':
    case 'map':
      return bounds((values as ColumnValue[][]).map((list) => BigInt(list.length)))
    case 'struct':
      return []
  }
}

function bounds(values: readonly bigint[]): [bigint, bigint, bigint] {
  return [
    values.reduce((a, b) => (a < b ? a : b)),
    values.reduce((a, b) => (a > b ? a : b)),
    values.reduce((a, b) => a + b),
  ]
}

/** Of long ones bounds; those of these tests have but one letter. */
function ofTexts(texts: readonly string[]): readonly (string | number)[] {
  const sorted = texts.map((text) => Buffer.from(text)).sort(Buffer.compare)
  const least = sorted[0]!.toString()
  const most = sorted.at(-1)!.toString()
  return [
    textNotation(least.slice(0, 1024)),
    textNotation(most.length > 1024 ? `${most.slice(0, 1023)}b` : most),
    sorted.reduce((sum, { length }) => sum + length, 0),
  ]
}

function decimal(unscaled: bigint, scale: number): string {
  const divisor = 10n ** BigInt(scale)
  const magnitude = unscaled < 0n ? -unscaled : unscaled
  const fraction = String(magnitude % divisor)
    .padStart(scale, '0')
    .replace(/0*$/, '')
  return `${unscaled < 0n ? '-' : ''}${magnitude / divisor}${fraction ? `.${fraction}` : ''}`
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0)

/** Whether a line says what is expected: what the sum of many doubles is depends on their order, and zero has two signs. */
export function sameStatistics(actual: string, expected: string): boolean {
  const [a, b] = [actual, expected].map((line) =>
    line.replaceAll('8000000000000000', '0000000000000000').split(' about '),
  )
  const [sum, magnitudes] = b![1]?.split(' of ').map(Number) ?? []
  return a![0] === b![0] && (a![1] === b![1] || isNear(Number(a![1]), sum!, magnitudes!))
}

/** Halfway to a sum of such magnitudes another order may be above all doubles, or below. */
const isNear = (actual: number, sum: number, magnitudes: number): boolean =>
  magnitudes === Number.POSITIVE_INFINITY ||
  (Number.isNaN(sum) ? Number.isNaN(actual) : Math.abs(actual - sum) <= 1e-6 * magnitudes)
