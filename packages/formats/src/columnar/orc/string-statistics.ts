import { ProtobufMessage } from './protobuf.ts'
import { ColumnStatistics } from './statistics.ts'

/** Longer ones are cut, to a bound. */
const boundBytesMax = 1024

/**
 * 4: minimum:string 1, maximum:string 2, by the order of their UTF-8; sum:sint 3, the bytes of all. Of a long one only a
 * bound: lowerBound:string 4, upperBound:string 5.
 */
export class StringStatistics extends ColumnStatistics {
  #min: string | undefined
  #max: string | undefined
  #sum = 0

  addBytes(bytes: number): void {
    this.#sum += bytes
  }

  add(value: string): void {
    if (this.#min === undefined || precedes(value, this.#min)) this.#min = value
    if (this.#max === undefined || precedes(this.#max, value)) this.#max = value
  }

  override merge(part: this): void {
    super.merge(part)
    this.#sum += part.#sum
    if (part.#min === undefined) return
    this.add(part.#min)
    this.add(part.#max!)
  }

  protected override writeByType(message: ProtobufMessage): void {
    const bounds = new ProtobufMessage()
    if (this.#min !== undefined && this.#max !== undefined) {
      const lower = isLong(this.#min) ? cut(this.#min) : undefined
      const upper = isLong(this.#max) ? successor(cut(this.#max)) : undefined
      bounds.string(1, lower === undefined ? this.#min : undefined)
      bounds.string(2, upper === undefined ? this.#max : undefined)
      bounds.sint(3, this.#sum).string(4, lower).string(5, upper)
    }
    message.message(4, bounds)
  }
}

/** Whether the UTF-8 of `a` comes before that of `b`. */
export function precedes(a: string, b: string): boolean {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const unitOfA = a.charCodeAt(i)
    const unitOfB = b.charCodeAt(i)
    if (unitOfA === unitOfB) continue
    // UTF-16's order is that of UTF-8, but for halves of pairs: these are of characters above all that need no pair.
    if (unitOfA >= 0xd800 && unitOfB >= 0xd800 && isHalf(unitOfA) !== isHalf(unitOfB)) return isHalf(unitOfB)
    return unitOfA < unitOfB
  }
  return a.length < b.length
}

const isHalf = (unit: number): boolean => unit < 0xe000

const isLong = (text: string): boolean => text.length > boundBytesMax / 3 && Buffer.byteLength(text) > boundBytesMax

/** As many whole characters as a bound takes. */
function cut(text: string): string {
  let bytes = 0
  let end = 0
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > boundBytesMax) break
    end += character.length
  }
  return text.slice(0, end)
}

/** A text that comes after all that begin so; undefined where there is none. */
function successor(text: string): string | undefined {
  const characters = [...text]
  for (;;) {
    const last = characters.pop()?.codePointAt(0)
    if (last === undefined) return undefined
    if (last === 0x10ffff) continue
    const next = last + 1
    return characters.join('') + String.fromCodePoint(next >= 0xd800 && next < 0xe000 ? 0xe000 : next)
  }
}
