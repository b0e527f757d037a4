import { ProtobufMessage } from './protobuf.ts'
import { BoundedStatistics } from './statistics.ts'

/** No decimal has more digits, a sum neither: it is left out then. */
const digitsMax = 38

/** 6: minimum:string 1, maximum:string 2, sum:string 3, as people write them. */
export class DecimalStatistics extends BoundedStatistics<bigint> {
  #scale: number
  #sum = 0n

  constructor(scale: number) {
    super()
    this.#scale = scale
  }

  add(min: bigint, max: bigint, sum: bigint): void {
    this.widen(min, max)
    this.#sum += sum
  }

  override merge(part: this): void {
    super.merge(part)
    this.#sum += part.#sum
  }

  protected override writeByType(message: ProtobufMessage): void {
    const text = (value: bigint | undefined) => (value === undefined ? undefined : decimalText(value, this.#scale))
    const isTooLong = this.#sum >= 10n ** BigInt(digitsMax) || this.#sum <= -(10n ** BigInt(digitsMax))
    const sum = isTooLong ? undefined : this.#sum
    message.message(6, new ProtobufMessage().string(1, text(this.min)).string(2, text(this.max)).string(3, text(sum)))
  }
}

/** An unscaled value as Hive writes it: 1.5 of 1500 and 3, without zeros at the end. */
export function decimalText(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  const fraction = digits.slice(digits.length - scale).replace(/(?<!0)0+$/, '')
  return `${unscaled < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}
