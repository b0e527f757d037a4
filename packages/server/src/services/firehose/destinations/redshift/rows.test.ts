import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copyOptions } from './copy-options.ts'
import { parsedPaths } from './json-paths.ts'
import { copyLine, tableRows } from './rows.ts'
import type { TableColumn } from './table-columns.ts'

const column = (name: string, kind: TableColumn['kind'] = 'other', lengthMax?: number): TableColumn => ({
  ...{ name, kind, lengthMax, hasDefault: false, isIdentity: false },
})
const columns = [column('id'), column('name', 'text', 5), column('at', 'time')]

/** Rows as their values, and faults as `line: reason`. */
function rows(text: string | Uint8Array, options: string, paths?: string) {
  const parsed = paths === undefined ? undefined : parsedPaths(paths)
  return [...tableRows(Buffer.from(text), { columns, options: copyOptions(options), paths: parsed })].map((row) =>
    row.fault === undefined ? row.value : `${row.line}: ${row.fault}`,
  )
}

test('fields stand between delimiters, a row on each line; empty ones are NULL where they are no text', () => {
  assert.deepEqual(rows('1|ana|2026-01-01\r\n||\n2|\\N|\\N', ''), [
    ['1', 'ana', '2026-01-01'],
    [null, '', null],
    ['2', null, null],
  ])
  assert.deepEqual(rows('1|ana\n1|a|b|c\n\n', ''), [
    '1: Delimiter not found',
    '2: Extra column(s) found',
    '3: Delimiter not found',
  ])
  assert.deepEqual(rows('1\n\n2|b', 'FILLRECORD IGNOREBLANKLINES'), [
    ['1', '', null],
    ['2', 'b', null],
  ])
})

test('options of text do what Redshift says of them', () => {
  assert.deepEqual(rows('x\ny\n1|a|', 'IGNOREHEADER 2'), [['1', 'a', null]])
  assert.deepEqual(rows('1||\n1|  |', 'EMPTYASNULL'), [
    ['1', null, null],
    ['1', '  ', null],
  ])
  assert.deepEqual(rows('1||\n1|  |', 'BLANKSASNULL'), [
    ['1', '', null],
    ['1', null, null],
  ])
  assert.deepEqual(rows('1|ab  |', 'TRIMBLANKS'), [['1', 'ab', null]])
  assert.deepEqual(rows('1|abcdefgh|\n1|🐟🐟🐟🐟🐟🐟|', 'TRUNCATECOLUMNS'), [
    ['1', 'abcde', null],
    ['1', '🐟🐟🐟🐟🐟', null],
  ])
  assert.deepEqual(rows('1,NULL,NULL', "DELIMITER ',' NULL AS 'NULL'"), [['1', null, null]])
  assert.deepEqual(rows('1|a|1767225600', "TIMEFORMAT 'epochsecs'"), [['1', 'a', '2026-01-01T00:00:00.000Z']])
  assert.deepEqual(rows('1|a|1767225600123', "TIMEFORMAT 'epochmillisecs'"), [['1', 'a', '2026-01-01T00:00:00.123Z']])
})

test('a backslash keeps what is behind it, and quotes are removed, where that was asked for', () => {
  assert.deepEqual(rows('1|a\\|b\\\\|\n2|c\\\nd|\n3|e|', 'ESCAPE'), [
    ['1', 'a|b\\', null],
    ['2', 'c\nd', null],
    ['3', 'e', null],
  ])
  assert.deepEqual(rows('"1"|"a|b"|\n2|\'c\'|""', 'REMOVEQUOTES'), [
    ['1', 'a|b', null],
    ['2', 'c', null],
  ])
  assert.deepEqual(rows('1|"a|\n2|b|', 'REMOVEQUOTES'), ['1: Quote is not closed', ['2', 'b', null]])
  assert.deepEqual(rows('1|a\\|b|', ''), ['1: Extra column(s) found'])
})

test('CSV has quotes, with line ends and doubled quotes inside', () => {
  assert.deepEqual(rows('id,name,at\r\n1,"a,""b""\nc",\r\n2,d,"2026-01-01"\r\n', 'CSV IGNOREHEADER 1'), [
    ['1', 'a,"b"\nc', null],
    ['2', 'd', '2026-01-01'],
  ])
  assert.deepEqual(rows('1,"a"b,\n2,c,', 'CSV'), ['1: Something stands behind a closing quote', ['2', 'c', null]])
  assert.deepEqual(rows('1,"a', 'CSV'), ['1: Quote is not closed'])
  assert.deepEqual(rows('1,%a,b%,', "CSV QUOTE '%'"), [['1', 'a,b', null]])
  assert.deepEqual(rows('1;x;', "CSV DELIMITER ';' NULL 'x'"), [['1', null, null]])
})

test('JSON objects become rows by the names of columns, wherever they stand', () => {
  assert.deepEqual(rows('{"id":1,"name":"a","more":2}{"at":null,\n"id":2} \n\n{"ID":3}', 'JSON'), [
    ['1', 'a', null],
    ['2', null, null],
    [null, null, null],
  ])
  assert.deepEqual(rows('{"ID":3,"Name":"x"}', "JSON 'auto ignorecase'"), [['3', 'x', null]])
  assert.deepEqual(rows('{"id":{"a":[1,"}"]},"name":true,"at":""}', 'JSON'), [['{"a":[1,"}"]}', 'true', null]])
  assert.deepEqual(rows(' {"a": 1}\n', "JSON 'noshred'"), [['{"a": 1}', null, null]])
})

test('numbers keep their digits', () => {
  assert.deepEqual(rows('{"id":12345678901234567890,"name":{"n":0.12345678901234567}}', 'JSON'), [
    ['12345678901234567890', '{"n":0.12345678901234567}', null],
  ])
  assert.deepEqual(rows('{"id":1e400}', 'JSON'), [['1e400', null, null]])
})

test('JSON that makes no sense is a fault of its line, and what stands behind it is read', () => {
  assert.deepEqual(rows('{"id":1}\n{"id":\n{"id":2}\ntext\n[1]\n{"id":3}}\n{"id":4}', 'JSON'), [
    ['1', null, null],
    '2: Invalid JSON',
    ['2', null, null],
    '4: Invalid JSON',
    '5: It is no JSON object',
    ['3', null, null],
    '6: Invalid JSON',
    ['4', null, null],
  ])
})

test('braces that are never closed cost little, however many there are', () => {
  const text = `${'{"a":[\n'.repeat(50_000)}{"id":1}`
  const before = process.cpuUsage()
  const found = rows(text, 'JSON')
  assert.deepEqual(found.at(-1), ['1', null, null])
  assert.ok(process.cpuUsage(before).user < 2_000_000)
})

test('a file of paths says what stands in which column', () => {
  const paths = `{"jsonpaths": ["$['o']['id']", "$.tags[1]", "$[\\"a t\\"]"]}`
  assert.deepEqual(rows('{"o":{"id":7},"tags":["x","y"],"a t":"now"}{"o":{}}', "JSON 's3://b/k'", paths), [
    ['7', 'y', 'now'],
    [null, null, null],
  ])
  for (const wrong of [
    '{}',
    '[]',
    'null',
    '{"jsonpaths":[]}',
    '{"jsonpaths":["id"]}',
    '{"jsonpaths":["$..id"]}',
    '{"jsonpaths":[7]}',
  ])
    assert.throws(() => parsedPaths(wrong), Error, wrong)
})

test('what is no UTF-8 is a fault of its row, unless a character stands for it', () => {
  const bytes = Buffer.concat([Buffer.from('1|a'), Buffer.of(0xff), Buffer.from('|\n2|b|')])
  assert.deepEqual(rows(bytes, ''), ['1: Invalid UTF-8', ['2', 'b', null]])
  assert.deepEqual(rows(bytes, "ACCEPTINVCHARS '_'")[0], ['1', 'a_', null])
})

test('a row of PostgreSQL’s text format is one line, whatever is in it', () => {
  assert.equal(copyLine(['a\tb', null, 'c\nd\\N\r', '']), 'a\\tb\t\\N\tc\\nd\\\\N\\r\t')
})
