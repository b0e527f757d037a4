import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LineSplitter } from './line-splitter.ts'

function split(bytesMax: number, ...chunks: readonly (string | Buffer)[]): string[] {
  const lines: string[] = []
  const splitter = new LineSplitter(bytesMax, (line) => lines.push(line))
  for (const chunk of chunks) splitter.push(Buffer.from(chunk as string))
  splitter.end()
  return lines
}

test('lines are whole however the bytes come', () => {
  const text = Buffer.from('one\r\ntwö\n\nthree')
  for (let size = 1; size <= text.length; size++) {
    const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
      text.subarray(i * size, i * size + size),
    )
    assert.deepEqual(split(100, ...chunks), ['one', 'twö', '', 'three'], `in chunks of ${size}`)
  }
})

test('a line beyond the bound is cut there, and the next one is whole', () => {
  assert.deepEqual(split(4, 'abcdefgh', 'ijkl\nmn\n'), ['abcd', 'mn'])
})
