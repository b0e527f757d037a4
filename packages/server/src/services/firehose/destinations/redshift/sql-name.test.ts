import assert from 'node:assert/strict'
import { test } from 'node:test'
import { databaseOf } from './jdbc-url.ts'
import { columnNames, quotedName, quotedText, tableName } from './sql-name.ts'

test('names are read as SQL reads them, and written so that they can be nothing else', () => {
  assert.deepEqual(tableName('Orders'), ['orders'])
  assert.deepEqual(tableName(' sales . orders '), ['sales', 'orders'])
  assert.deepEqual(tableName('"Sales"."odd "" . name"'), ['Sales', 'odd " . name'])
  assert.deepEqual(columnNames('id, "Order", straße'), ['id', 'Order', 'straße'])
  assert.deepEqual(columnNames(' '), [])
  assert.equal(quotedName(['a"b', 'c']), '"a""b"."c"')
  assert.equal(quotedText("it's"), "'it''s'")
})

test('what is no name is refused', () => {
  for (const text of [
    '',
    'a.b.c',
    'a;b',
    'a (b)',
    'a b',
    '"a',
    'a.',
    '1a',
    "a'",
    'a,b',
    'orders; DROP TABLE x --',
    '"a\0"',
  ])
    assert.throws(() => tableName(text), /must be a table or schema\.table/, text)
  for (const text of ['a b', 'a,', 'a.b', 'a) FROM x', '(a)'])
    assert.throws(() => columnNames(text), /names with commas/)
})

test('the address of a database says whether it is Redshift, and how it is talked to', () => {
  const aws = databaseOf('jdbc:redshift://c.abc.us-east-1.redshift.amazonaws.com:5439/dev')
  assert.deepEqual([aws.isRedshift, aws.sslMode, aws.port, aws.database], [true, 'verify-full', 5439, 'dev'])
  assert.equal(
    databaseOf('jdbc:postgresql://w.1.eu-west-1.redshift-serverless.amazonaws.com:5439/dev').isRedshift,
    true,
  )
  assert.deepEqual(databaseOf('jdbc:postgresql://[::1]:5432/w?sslmode=require'), {
    ...{ isRedshift: false, host: '::1', port: 5432, database: 'w', sslMode: 'require' },
  })
  assert.deepEqual(databaseOf('jdbc:postgresql://db:5432/w').sslMode, 'prefer')
  const wrong = [
    'jdbc:mysql://db:1/w',
    'jdbc:postgresql://db/w',
    'jdbc:postgresql://db:99999/w',
    'jdbc:redshift://a:1/w?x=1',
  ]
  for (const url of wrong) assert.throws(() => databaseOf(url), /is not the URL of a database/, url)
  assert.throws(() => databaseOf('jdbc:postgresql://db:1/w?sslmode=allow'), /sslmode is one of/)
})
