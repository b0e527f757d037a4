import type { ColumnValue } from '../column-type.ts'
import { streamKinds } from './column-stream.ts'
import { ColumnWriter, encodings } from './column-writer.ts'
import { type FormatVersion, integerRuns } from './integer-runs.ts'
import { CollectionStatistics, ColumnStatistics } from './statistics.ts'
import type { IntegerRuns } from './stream-encoder.ts'

/** struct: nothing but which are null. Its fields have values where it is not. */
export class StructColumn extends ColumnWriter {
  constructor(fields: readonly ColumnWriter[]) {
    super({ statistics: () => new ColumnStatistics() }, fields)
  }

  protected writeValues(values: readonly ColumnValue[], from: number, to: number): void {
    const structs = values.slice(from, to).filter((value) => value !== null) as (readonly ColumnValue[])[]
    for (const [index, field] of this.children.entries()) {
      const ofField = structs.map((struct) => struct[index]!)
      field.write(ofField, 0, ofField.length)
    }
  }
}

/** The rows themselves: a struct that is never null, and comes by its columns. */
export class RootColumn extends ColumnWriter {
  constructor(columns: readonly ColumnWriter[]) {
    super({ statistics: () => new ColumnStatistics() }, columns)
  }

  writeRows(columns: readonly (readonly ColumnValue[])[], from: number, to: number): void {
    this.statistics.count(to - from, 0)
    for (const [index, column] of this.children.entries()) column.write(columns[index]!, from, to)
  }

  protected writeValues(): void {}
}

/** list: LENGTH has how many elements each has. */
export class ListColumn extends ColumnWriter<CollectionStatistics> {
  #length: IntegerRuns

  constructor(element: ColumnWriter, version: FormatVersion) {
    super({ statistics: () => new CollectionStatistics(), encoding: encodings[version].direct }, [element])
    this.#length = this.stream(streamKinds.length, integerRuns(version, false))
  }

  protected writeValues(values: readonly ColumnValue[], from: number, to: number): void {
    const elements: ColumnValue[] = []
    const lengths = new Lengths()
    for (let i = from; i < to; i++) {
      const list = values[i] as readonly ColumnValue[] | null
      if (list === null) continue
      for (const element of list) elements.push(element)
      lengths.take(list.length)
      this.#length.add(list.length)
    }
    this.statistics.add(lengths.min, lengths.max, elements.length)
    this.children[0]!.write(elements, 0, elements.length)
  }
}

/** map: LENGTH has how many entries each has; the first column within has the keys, the second the values. */
export class MapColumn extends ColumnWriter<CollectionStatistics> {
  #length: IntegerRuns

  constructor(key: ColumnWriter, value: ColumnWriter, version: FormatVersion) {
    super({ statistics: () => new CollectionStatistics(), encoding: encodings[version].direct }, [key, value])
    this.#length = this.stream(streamKinds.length, integerRuns(version, false))
  }

  protected writeValues(values: readonly ColumnValue[], from: number, to: number): void {
    const keys: ColumnValue[] = []
    const mapped: ColumnValue[] = []
    const lengths = new Lengths()
    for (let i = from; i < to; i++) {
      const map = values[i] as readonly (readonly [ColumnValue, ColumnValue])[] | null
      if (map === null) continue
      for (const [key, value] of map) {
        keys.push(key)
        mapped.push(value)
      }
      lengths.take(map.length)
      this.#length.add(map.length)
    }
    this.statistics.add(lengths.min, lengths.max, keys.length)
    this.children[0]!.write(keys, 0, keys.length)
    this.children[1]!.write(mapped, 0, mapped.length)
  }
}

class Lengths {
  min = Number.POSITIVE_INFINITY
  max = 0

  take(length: number): void {
    if (length < this.min) this.min = length
    if (length > this.max) this.max = length
  }
}
