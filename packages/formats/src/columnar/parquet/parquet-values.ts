import type { ColumnType, ColumnValue } from '../column-type.ts'

type Convert = (value: Exclude<ColumnValue, null>) => unknown

/** The values of a column as the writer takes them; undefined where they are that already. */
export function conversionOf(type: ColumnType): Convert | undefined {
  switch (type.kind) {
    case 'bigint':
    case 'timestamp':
      return (value) => BigInt(value as number | bigint)
    case 'array': {
      const element = conversionOf(type.element)
      return element && ((value) => (value as readonly ColumnValue[]).map((each) => converted(each, element)))
    }
    case 'map': {
      const key = conversionOf(type.key)
      const member = conversionOf(type.value)
      if (!key && !member) return undefined
      return (value) =>
        (value as readonly (readonly [ColumnValue, ColumnValue])[]).map(([k, v]) => [
          converted(k, key),
          converted(v, member),
        ])
    }
    case 'struct': {
      const fields = type.fields.map(({ name, type: of }) => ({ name, convert: conversionOf(of) }))
      return (value) => {
        // Without a prototype, so that a field may have any name.
        const struct = Object.create(null) as Record<string, unknown>
        for (let i = 0; i < fields.length; i++)
          struct[fields[i]!.name] = converted((value as readonly ColumnValue[])[i]!, fields[i]!.convert)
        return struct
      }
    }
    default:
      return undefined
  }
}

export const converted = (value: ColumnValue, convert: Convert | undefined): unknown =>
  value === null || convert === undefined ? value : convert(value)
