import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MalformedType, parseHiveColumns, parseHiveType, typeDepthMax } from './hive-type.ts'

test('every type of Hive is read, in any case of letters and with spaces', () => {
  for (const kind of ['boolean', 'tinyint', 'smallint', 'int', 'bigint', 'float', 'double', 'string', 'binary', 'date'])
    assert.deepEqual(parseHiveType(` ${kind.toUpperCase()} `), { kind })
  assert.deepEqual(parseHiveType('integer'), { kind: 'int' })
  assert.deepEqual(parseHiveType('double precision'), { kind: 'double' })
  assert.deepEqual(parseHiveType('timestamp'), { kind: 'timestamp' })
  assert.deepEqual(parseHiveType('decimal'), { kind: 'decimal', precision: 10, scale: 0 })
  assert.deepEqual(parseHiveType('decimal(5)'), { kind: 'decimal', precision: 5, scale: 0 })
  assert.deepEqual(parseHiveType('decimal( 38 , 18 )'), { kind: 'decimal', precision: 38, scale: 18 })
  assert.deepEqual(parseHiveType('varchar(65535)'), { kind: 'varchar', length: 65_535 })
  assert.deepEqual(parseHiveType('char(5)'), { kind: 'char', length: 5 })
})

test('types are nested in one another', () => {
  assert.deepEqual(parseHiveType('struct<a:int,b:array<string>,c:map<string,struct<`or``der`:decimal(10,2)>>>'), {
    kind: 'struct',
    fields: [
      { name: 'a', type: { kind: 'int' } },
      { name: 'b', type: { kind: 'array', element: { kind: 'string' } } },
      {
        name: 'c',
        type: {
          kind: 'map',
          key: { kind: 'string' },
          value: { kind: 'struct', fields: [{ name: 'or`der', type: { kind: 'decimal', precision: 10, scale: 2 } }] },
        },
      },
    ],
  })
})

test('what is no type says what was expected, and where', () => {
  const faults: [string, RegExp][] = [
    ['', /expected a name at the end/],
    ['text', /expected the name of a type at character 1/],
    ['uniontype<int,string>', /no uniontype/],
    ['array<string', /expected ">" at the end/],
    ['array<>', /expected a name at character 7/],
    ['array', /expected "<" at the end/],
    ['map<string>', /expected "," at character 11/],
    ['map<array<int>,int>', /primitive type as the key/],
    ['struct<>', /expected a name/],
    ['struct<a>', /expected ":"/],
    ['struct<a:>', /expected a name/],
    ['struct<:int>', /expected a name/],
    ['struct<a:int,A:string>', /only one field A/],
    ['struct<`a:int>', /between two backticks/],
    ['struct<a:int>,', /expected the end of the type at character 14/],
    ['char(10)garbage', /expected the end/],
    ['char(0)', /a number from 1 to 255/],
    ['char(256)', /a number from 1 to 255/],
    ['varchar', /expected "\("/],
    ['varchar(65536)', /a number from 1 to 65535/],
    ['varchar(6 5535)', /expected "\)"/],
    ['decimal(39,0)', /a number from 1 to 38/],
    ['decimal(2,3)', /a number from 0 to 2/],
    ['decimal(1,', /a number from 0 to 1 at the end/],
    ['constructor', /the name of a type/],
    ['__proto__', /the name of a type/],
  ]
  for (const [text, message] of faults)
    assert.throws(
      () => parseHiveType(text),
      (error: Error) => {
        assert.ok(error instanceof MalformedType, text)
        assert.match(error.message, message, text)
        return true
      },
    )
})

test('types may be nested so deep and no deeper', () => {
  const nested = (depth: number) => `${'array<'.repeat(depth - 1)}int${'>'.repeat(depth - 1)}`
  assert.equal(parseHiveType(nested(typeDepthMax)).kind, 'array')
  assert.throws(() => parseHiveType(nested(typeDepthMax + 1)), MalformedType)
  assert.throws(() => parseHiveType(nested(20_000)), MalformedType)
  assert.throws(() => parseHiveType('a'.repeat(200_000)), /200000 characters/)
})

test('a fault of a column names it, and no two columns have one name', () => {
  assert.throws(() => parseHiveColumns([{ name: 'x', type: 'wat' }]), /column x: expected the name of a type/)
  const twice = [
    { name: 'a', type: 'int' },
    { name: 'A', type: 'int' },
  ]
  assert.throws(() => parseHiveColumns(twice), /two columns A/)
})

test('any text is a type or a MalformedType', () => {
  const parts = fc.constantFrom('array', 'map', 'struct', '<', '>', ',', ':', '(', ')', 'int', 'a', '`', ' ', '10', '2')
  const texts = fc.array(parts, { maxLength: 20 }).map((all) => all.join(''))
  fc.assert(
    fc.property(fc.oneof(texts, fc.string()), (text) => {
      try {
        assert.ok(parseHiveType(text).kind)
      } catch (error) {
        assert.ok(error instanceof MalformedType, `${error}`)
      }
    }),
  )
})
