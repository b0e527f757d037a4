import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode } from 'cborg'
import fc from 'fast-check'
import { Rows, type RowWriter } from '../../core/rows.ts'
import { giveBack, isLent } from './byte-sink.ts'
import { cbor } from './cbor.ts'
import { json } from './json.ts'

type Row = {
  readonly SequenceNumber: string
  readonly ApproximateArrivalTimestamp: Date
  readonly Data: Uint8Array
  readonly PartitionKey?: string
}

/** Rows that are made of objects. */
class RowsOf extends Rows {
  readonly #rows: readonly Row[]

  constructor(rows: readonly Row[]) {
    super()
    this.#rows = rows
  }

  get count(): number {
    return this.#rows.length
  }

  writeTo(writer: RowWriter): void {
    const labels = ['SequenceNumber', 'ApproximateArrivalTimestamp', 'Data', 'PartitionKey'].map((name) =>
      writer.label(name),
    )
    for (const { SequenceNumber, ApproximateArrivalTimestamp, Data, PartitionKey } of this.#rows) {
      writer.row(PartitionKey === undefined ? 3 : 4)
      const around = Buffer.concat([Buffer.from('<'), Data, Buffer.from('>')])
      writer.plainText(labels[0]!, Buffer.from(SequenceNumber), 0, SequenceNumber.length)
      writer.timestamp(labels[1]!, ApproximateArrivalTimestamp.getTime())
      writer.blob(labels[2]!, around, 1, around.length - 1)
      const key = Buffer.from(PartitionKey ?? '')
      if (PartitionKey !== undefined) writer.text(labels[3]!, key, 0, key.length)
    }
  }
}

const wellFormed = fc.string({ unit: 'grapheme', maxLength: 40 })
const row: fc.Arbitrary<Row> = fc.record(
  {
    SequenceNumber: fc.stringMatching(/^[0-9]{1,300}$/),
    ApproximateArrivalTimestamp: fc.date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true }),
    Data: fc.oneof(fc.uint8Array({ maxLength: 9 }), fc.uint8Array({ minLength: 900, maxLength: 1400 })),
    PartitionKey: fc.oneof(
      wellFormed,
      fc.string({ unit: fc.integer({ min: 0, max: 0x7f }).map((c) => String.fromCharCode(c)) }),
    ),
  },
  { requiredKeys: ['SequenceNumber', 'ApproximateArrivalTimestamp', 'Data'] },
)
const answer = fc.record({
  before: fc.option(fc.record({ Count: fc.integer(), Name: wellFormed }), { nil: undefined }),
  rows: fc.array(row, { maxLength: 30 }),
  after: fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }),
})

test('a list that writes itself looks as the same list of objects does, in JSON byte for byte', () => {
  fc.assert(
    fc.property(answer, ({ before, rows, after }) => {
      const written = json.render({ before, Records: new RowsOf(rows), after }).toString()
      assert.equal(written, json.render({ before, Records: rows, after }).toString())
    }),
    { numRuns: 500 },
  )
})

test('and in CBOR, too', () => {
  fc.assert(
    fc.property(answer, ({ before, rows, after }) => {
      const written = cbor.render({ before, Records: new RowsOf(rows), after })
      assert.ok(written.equals(cbor.render({ before, Records: rows, after })), written.toString('hex'))
    }),
    { numRuns: 500 },
  )
})

/** Rows of a letter and a number: the first with each letter is kept, and written again with other numbers. */
class KeptRows extends Rows {
  readonly #letters: readonly string[]
  readonly count: number

  constructor(letters: readonly string[], count: number) {
    super()
    this.#letters = letters
    this.count = count
  }

  writeTo(writer: RowWriter): void {
    const [letter, number] = [writer.label('Letter'), writer.label('Number')]
    const kept: Uint8Array[] = []
    let numberAt = 0
    for (let i = 0; i < this.count; i++) {
      const text = Buffer.from(this.#letters[i % this.#letters.length]!)
      const digits = numberOf(i)
      const row = kept[i % this.#letters.length]
      if (row) {
        row.set(digits, numberAt)
        writer.rowAgain(row)
        continue
      }
      writer.row(2)
      writer.plainText(letter, text, 0, text.length)
      numberAt = writer.plainText(number, digits, 0, digits.length)
      kept.push(writer.keepRow())
    }
  }

  get objects(): object[] {
    return Array.from({ length: this.count }, (_, i) => ({
      Letter: this.#letters[i % this.#letters.length]!,
      Number: numberOf(i).toString(),
    }))
  }
}

const numberOf = (i: number) => Buffer.from(String(i).padStart(60, '0'))

test('rows that are written again from one that was kept look as others do, however many there are', () => {
  for (const count of [0, 1, 4, 5, 3000]) {
    const rows = new KeptRows(['a', 'b', 'c'], count)
    for (const { render } of [json, cbor])
      assert.ok(render({ First: 1, Rows: rows, Last: 2 }).equals(render({ First: 1, Rows: rows.objects, Last: 2 })))
  }
})

test('an answer of several megabytes is whole, and so is the small one after it', () => {
  const Data = Buffer.alloc(700, 'x')
  const rows = Array.from({ length: 10_000 }, (_, i) => ({
    SequenceNumber: `${i}`,
    ApproximateArrivalTimestamp: new Date(i),
    Data,
  }))
  const parsed = JSON.parse(json.render({ Records: new RowsOf(rows) }).toString())
  assert.deepEqual(parsed.Records.at(-1), {
    SequenceNumber: '9999',
    ApproximateArrivalTimestamp: 9.999,
    Data: Data.toString('base64'),
  })
  assert.equal(
    (decode(cbor.render({ Records: new RowsOf(rows) }), { tags: { 1: (d) => d() } }) as { Records: Row[] }).Records
      .length,
    10_000,
  )
  assert.equal(json.render({ Records: new RowsOf([]) }).toString(), '{"Records":[]}')
})

test('a long answer keeps its bytes until it is given back, and then they are written to again', () => {
  const rows = (text: string) => {
    const Data = Buffer.alloc(100_000, text)
    return { Records: new RowsOf([{ SequenceNumber: '1', ApproximateArrivalTimestamp: new Date(0), Data }]) }
  }
  const first = json.render(rows('a'))
  const asItWas = Buffer.from(first)
  for (const text of ['b', 'c', 'd']) json.render(rows(text))
  assert.ok(isLent(first) && first.equals(asItWas))
  giveBack(first)
  giveBack(first)
  assert.ok(!isLent(first))
  const later = Array.from({ length: 4 }, (_, i) => json.render(rows(String(i))))
  assert.equal(later.filter(({ buffer }) => buffer === first.buffer).length, 1)
  const short = json.render({ Records: new RowsOf([]) })
  assert.ok(!isLent(short))
})
