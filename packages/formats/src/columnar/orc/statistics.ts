import { ProtobufMessage } from './protobuf.ts'

/*
 * What a reader may know of a column's values without reading them: for a row group, a stripe and the file.
 *
 *   ColumnStatistics
 *      1  numberOfValues: those that are not null
 *      2..9, 12  by type, see each
 *     10  hasNull
 *     11  bytesOnDisk
 */
export class ColumnStatistics {
  values = 0
  hasNull = false
  /** Of the data streams in the file; known of stripes and files. */
  bytesOnDisk: number | undefined

  /** Counts values, and whether there are nulls among them. */
  count(values: number, nulls: number): void {
    this.values += values
    if (nulls > 0) this.hasNull = true
  }

  /** Takes in those of a part. */
  merge(part: this): void {
    this.values += part.values
    this.hasNull ||= part.hasNull
    if (part.bytesOnDisk !== undefined) this.bytesOnDisk = (this.bytesOnDisk ?? 0) + part.bytesOnDisk
  }

  message(): ProtobufMessage {
    const message = new ProtobufMessage().uint(1, this.values)
    this.writeByType(message)
    return message.uint(10, this.hasNull).uint(11, this.bytesOnDisk)
  }

  protected writeByType(_message: ProtobufMessage): void {}
}

/** With the least and the greatest value. */
export class BoundedStatistics<V extends number | bigint> extends ColumnStatistics {
  protected min: V | undefined
  protected max: V | undefined

  protected widen(min: V, max: V): void {
    if (this.min === undefined || min < this.min) this.min = min
    if (this.max === undefined || max > this.max) this.max = max
  }

  override merge(part: this): void {
    super.merge(part)
    if (part.min !== undefined) this.widen(part.min, part.max!)
  }
}

const int64Max = 2n ** 63n - 1n
const int64Min = -(2n ** 63n)

/** 2: minimum:sint 1, maximum:sint 2, sum:sint 3, which is left out when it is above 64 bits. */
export class IntegerStatistics extends BoundedStatistics<number | bigint> {
  #sum = 0n

  add(min: number | bigint, max: number | bigint, sum: bigint): void {
    this.widen(min, max)
    this.#sum += sum
  }

  override merge(part: this): void {
    super.merge(part)
    this.#sum += part.#sum
  }

  protected override writeByType(message: ProtobufMessage): void {
    const sum = this.#sum >= int64Min && this.#sum <= int64Max ? this.#sum : undefined
    message.message(2, new ProtobufMessage().sint(1, this.min).sint(2, this.max).sint(3, sum))
  }
}

/** 3: minimum:double 1, maximum:double 2, sum:double 3. A NaN makes the sum one, by which readers know to look inside. */
export class DoubleStatistics extends ColumnStatistics {
  #min: number | undefined
  #max: number | undefined
  #sum = 0

  /** `min` and `max` are of those that are numbers, or NaN where there are none. */
  add(min: number, max: number, sum: number): void {
    if (this.#min === undefined || Number.isNaN(this.#min) || min < this.#min) this.#min = min
    if (this.#max === undefined || Number.isNaN(this.#max) || max > this.#max) this.#max = max
    this.#sum += sum
  }

  override merge(part: this): void {
    super.merge(part)
    if (part.#min !== undefined) this.add(part.#min, part.#max!, part.#sum)
  }

  protected override writeByType(message: ProtobufMessage): void {
    message.message(3, new ProtobufMessage().double(1, this.#min).double(2, this.#max).double(3, this.#sum))
  }
}

/** 5: count:packed 1, how many are true. */
export class BooleanStatistics extends ColumnStatistics {
  #trues = 0

  add(trues: number): void {
    this.#trues += trues
  }

  override merge(part: this): void {
    super.merge(part)
    this.#trues += part.#trues
  }

  protected override writeByType(message: ProtobufMessage): void {
    message.message(5, new ProtobufMessage().packed(1, [this.#trues]))
  }
}

/** 7: minimum:sint 1, maximum:sint 2, days since 1970. */
export class DateStatistics extends BoundedStatistics<number> {
  add(min: number, max: number): void {
    this.widen(min, max)
  }

  protected override writeByType(message: ProtobufMessage): void {
    message.message(7, new ProtobufMessage().sint(1, this.min).sint(2, this.max))
  }
}

/** 8: sum:sint 1, the bytes of all values. */
export class BinaryStatistics extends ColumnStatistics {
  #sum = 0

  add(bytes: number): void {
    this.#sum += bytes
  }

  override merge(part: this): void {
    super.merge(part)
    this.#sum += part.#sum
  }

  protected override writeByType(message: ProtobufMessage): void {
    message.message(8, new ProtobufMessage().sint(1, this.#sum))
  }
}

/**
 * 9: minimumUtc:sint 3, maximumUtc:sint 4, in milliseconds since 1970; minimumNanos:uint 5, maximumNanos:uint 6, the
 * nanoseconds within it plus 1.
 */
export class TimestampStatistics extends BoundedStatistics<number> {
  /** Microseconds since 1970. */
  add(min: number, max: number): void {
    this.widen(min, max)
  }

  protected override writeByType(message: ProtobufMessage): void {
    const bounds = new ProtobufMessage()
    if (this.min !== undefined && this.max !== undefined) {
      const [minNanos, maxNanos] = [nanosWithinMs(this.min), nanosWithinMs(this.max)]
      bounds.sint(3, (BigInt(this.min) * 1000n - minNanos) / 1_000_000n)
      bounds.sint(4, (BigInt(this.max) * 1000n - maxNanos) / 1_000_000n)
      bounds.uint(5, minNanos + 1n).uint(6, maxNanos + 1n)
    }
    message.message(9, bounds)
  }
}

/** From 0, also before 1970. */
const nanosWithinMs = (micros: number): bigint => (((BigInt(micros) % 1000n) + 1000n) % 1000n) * 1000n

/** 12: minChildren:uint 1, maxChildren:uint 2, totalChildren:uint 3, of lists and maps. */
export class CollectionStatistics extends BoundedStatistics<number> {
  #total = 0

  add(min: number, max: number, total: number): void {
    this.widen(min, max)
    this.#total += total
  }

  override merge(part: this): void {
    super.merge(part)
    this.#total += part.#total
  }

  protected override writeByType(message: ProtobufMessage): void {
    message.message(12, new ProtobufMessage().uint(1, this.min).uint(2, this.max).uint(3, this.#total))
  }
}
