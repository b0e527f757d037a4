import type { ColumnValue } from '../column-type.ts'
import type { BloomFilter } from './bloom-filter.ts'
import { ColumnStream, type FinishedStream, streamKinds } from './column-stream.ts'
import { type ColumnOfStripe, ColumnWriter, encodings } from './column-writer.ts'
import type { Codec } from './compression.ts'
import { type FormatVersion, integerRuns } from './integer-runs.ts'
import { PlainBytes } from './stream-encoder.ts'
import { StringDictionary } from './string-dictionary.ts'
import { StringStatistics } from './string-statistics.ts'

export type StringColumnOptions = {
  readonly version: FormatVersion
  /** How many different strings there may be for each row with one, for a dictionary to pay. 0 for no dictionaries. */
  readonly dictionaryKeyThreshold: number
  readonly bloomFilter: BloomFilter | undefined
  /** What a value becomes before it is written, as that of a char is filled with blanks. */
  readonly fit?: (text: string) => string
}

/**
 * string, varchar, char:
 *
 *   directly         DATA the UTF-8 of all, LENGTH how many bytes each has
 *   by dictionary    DATA the place of each in the dictionary; DICTIONARY_DATA its strings in order, LENGTH their bytes
 *
 * Each stripe begins with a dictionary. Whether it pays is asked at the end of the first row group and of the stripe: if
 * not, what was gathered is written directly.
 */
export class StringColumn extends ColumnWriter<StringStatistics> {
  #options: StringColumnOptions
  #dictionary: StringDictionary | undefined
  /** Rows of the dictionary at the end of each row group. */
  #groupEnds: number[] = []
  /** The row group that a string of the dictionary was last seen in. */
  #seenIn: number[] = []
  #data = new PlainBytes()
  #length
  #dictionaryStreams: ColumnStream[] = []

  constructor(options: StringColumnOptions) {
    super({ statistics: () => new StringStatistics(), bloomFilter: options.bloomFilter })
    this.#options = options
    this.#length = integerRuns(options.version, false)
    this.#beginStripe()
  }

  protected writeValues(values: readonly ColumnValue[], from: number, to: number): void {
    const { fit } = this.#options
    const dictionary = this.#dictionary
    for (let i = from; i < to; i++) {
      const value = values[i] as string | null
      if (value === null) continue
      const text = fit ? fit(value) : value.isWellFormed() ? value : value.toWellFormed()
      if (dictionary) this.#addToDictionary(dictionary, text)
      else this.#writeDirectly(text)
    }
  }

  override endRowGroup(): void {
    const dictionary = this.#dictionary
    if (dictionary) {
      this.#groupEnds.push(dictionary.rowCount)
      if (this.#groupEnds.length === 1 && !this.#pays(dictionary)) this.#giveUp(dictionary, 1)
    }
    super.endRowGroup()
  }

  override finishStripe(codec: Codec): ColumnOfStripe {
    const dictionary = this.#dictionary
    if (dictionary && this.#pays(dictionary)) this.#writeDictionary(dictionary)
    else if (dictionary) this.#giveUp(dictionary, this.#groupEnds.length)
    const finished = super.finishStripe(codec)
    this.#beginStripe()
    return finished
  }

  override bytes(): number {
    return super.bytes() + (this.#dictionary?.bytes ?? 0)
  }

  protected override finishUnindexed(codec: Codec): readonly FinishedStream[] {
    return this.#dictionaryStreams.map((stream) => stream.finish(codec))
  }

  protected override dictionarySize(): number | undefined {
    return this.#dictionary?.strings.length
  }

  #beginStripe(): void {
    this.streams = []
    this.#dictionaryStreams = []
    this.#groupEnds = []
    this.#seenIn = []
    if (this.#options.dictionaryKeyThreshold > 0) this.#dictionary = new StringDictionary()
    else this.#beginDirect()
  }

  #pays(dictionary: StringDictionary): boolean {
    return dictionary.strings.length <= dictionary.rowCount * this.#options.dictionaryKeyThreshold
  }

  #addToDictionary(dictionary: StringDictionary, text: string): void {
    const id = dictionary.add(text)
    this.statistics.addBytes(dictionary.bytesOf(id))
    const group = this.#groupEnds.length
    if (this.#seenIn[id] === group) return
    this.#seenIn[id] = group
    this.statistics.add(text)
    this.bloomFilter?.addBytes(dictionary.utf8Of(id))
  }

  #writeDirectly(text: string): void {
    const { out } = this.#data
    const start = out.length
    const bytes = out.utf8(text)
    this.#length.add(bytes)
    this.statistics.addBytes(bytes)
    this.statistics.add(text)
    this.bloomFilter?.addBytes(out.bytes, start, start + bytes)
  }

  #beginDirect(): void {
    this.encoding = encodings[this.#options.version].direct
    this.stream(streamKinds.data, this.#data)
    this.stream(streamKinds.length, this.#length)
  }

  /** Writes directly what was gathered, of so many row groups; they were counted already. */
  #giveUp(dictionary: StringDictionary, groups: number): void {
    this.#dictionary = undefined
    this.#beginDirect()
    let row = 0
    for (let group = 0; group < groups; group++) {
      if (group > 0) for (const stream of this.streams) stream.beginRowGroup()
      for (; row < this.#groupEnds[group]!; row++) {
        const utf8 = dictionary.utf8Of(dictionary.idOfRow(row))
        this.#data.out.append(utf8)
        this.#length.add(utf8.length)
      }
    }
  }

  #writeDictionary(dictionary: StringDictionary): void {
    this.encoding = encodings[this.#options.version].dictionary
    const strings = new PlainBytes()
    const places = new Int32Array(dictionary.strings.length)
    for (const [place, id] of dictionary.sorted().entries()) {
      places[id] = place
      strings.out.append(dictionary.utf8Of(id))
      this.#length.add(dictionary.bytesOf(id))
    }
    this.#dictionaryStreams = [
      new ColumnStream(streamKinds.length, this.#length),
      new ColumnStream(streamKinds.dictionaryData, strings),
    ]
    const data = this.stream(streamKinds.data, integerRuns(this.#options.version, false))
    let row = 0
    for (const [group, end] of this.#groupEnds.entries()) {
      if (group > 0) this.streams[0]!.beginRowGroup()
      for (; row < end; row++) data.add(places[dictionary.idOfRow(row)]!)
    }
  }
}

/** A varchar's value: at most so many characters. */
export const fitVarchar =
  (length: number) =>
  (text: string): string =>
    text.length <= length ? text.toWellFormed() : [...text.toWellFormed()].slice(0, length).join('')

/** A char's value: exactly so many characters, blanks at the end. */
export function fitChar(length: number): (text: string) => string {
  const cut = fitVarchar(length)
  return (text) => {
    const kept = cut(text)
    const characters = [...kept].length
    return characters === length ? kept : kept + ' '.repeat(length - characters)
  }
}
