import assert from 'node:assert/strict'
import { parentPort } from 'node:worker_threads'
import { type Column, type ColumnFile, JsonDeserializer } from '@millrace/formats/columnar'
import type { ConversionAnswer, ConversionQuestion, OutputFormat } from './conversion-messages.ts'

/*
 * The program of a thread that converts records: JSON in, a file of columns out. It holds the rows of one row group.
 */

/** Rows are written as a group when their JSON, or the values in them, are so many. */
const groupJsonBytesMax = 8 * 1024 * 1024
const groupValuesMax = 1_000_000

type Conversion = {
  readonly deserializer: JsonDeserializer
  readonly file: ColumnFile
  jsonBytes: number
  hasRows: boolean
}

let conversion: Conversion | undefined

async function answer(question: ConversionQuestion): Promise<ConversionAnswer> {
  switch (question.kind) {
    case 'open': {
      const { schema, serDe, output } = question
      const file = await fileOf(schema, output)
      conversion = { deserializer: new JsonDeserializer(schema, serDe), file, jsonBytes: 0, hasRows: false }
      return { kind: 'opened' }
    }
    case 'chunk': {
      assert(conversion, 'a chunk belongs to an object')
      const faulty = conversion.deserializer.add(question.chunk)
      conversion.jsonBytes += question.chunk.bytes.byteLength
      if (conversion.jsonBytes >= groupJsonBytesMax || conversion.deserializer.valueCount >= groupValuesMax)
        writeGroup(conversion)
      return { kind: 'read', faulty, bytes: written(conversion) }
    }
    case 'finish': {
      assert(conversion, 'an object ends that was begun')
      writeGroup(conversion)
      const bytes = conversion.hasRows ? conversion.file.finish() : undefined
      conversion = undefined
      return { kind: 'finished', bytes }
    }
    case 'drop':
      conversion = undefined
      return { kind: 'dropped' }
  }
}

function writeGroup(current: Conversion): void {
  const batch = current.deserializer.take()
  current.jsonBytes = 0
  if (batch.rowCount === 0) return
  current.file.add(batch)
  current.hasRows = true
}

/** What is written and not told yet. */
function written({ file, hasRows }: Conversion): Uint8Array<ArrayBuffer> | undefined {
  const bytes = hasRows ? file.take() : undefined
  return bytes?.byteLength ? bytes : undefined
}

async function fileOf(schema: readonly Column[], { kind, options }: OutputFormat): Promise<ColumnFile> {
  if (kind === 'ORC') {
    const { OrcFile } = await import('@millrace/formats/orc')
    return new OrcFile(schema, options, options.Compression === 'SNAPPY' ? await snappy() : undefined)
  }
  const { ParquetFile } = await import('@millrace/formats/parquet')
  return new ParquetFile(schema, { ...options, ...(options.compression === 'SNAPPY' && { snappy: await snappy() }) })
}

const snappy = async () => (await import('snappy')).compressSync as (bytes: Uint8Array) => Uint8Array

/** One question after the other: an answer that waits for a module lets nothing pass it. */
let last: Promise<unknown> = Promise.resolve()

parentPort!.on('message', (question: ConversionQuestion) => {
  last = last.then(async () => {
    const answered = await answer(question).catch((error: unknown): ConversionAnswer => {
      conversion = undefined
      return { kind: 'failed', message: (error as Error).message }
    })
    const bytes = 'bytes' in answered ? answered.bytes : undefined
    parentPort!.postMessage(answered, bytes ? [bytes.buffer] : [])
  })
})
