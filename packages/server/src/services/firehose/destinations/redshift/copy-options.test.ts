import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copyOptions, redshiftOptions } from './copy-options.ts'

const read = (text: string) => {
  const { format, delimiter, json, nullAs, errorsMax, timeFormat, quote } = copyOptions(text)
  return { format, delimiter, json, nullAs, errorsMax, timeFormat, quote }
}

test('nothing said is Redshift’s own format: fields between bars', () => {
  assert.deepEqual(read(' '), {
    ...{
      format: 'delimited',
      delimiter: '|',
      json: 'auto',
      nullAs: '\\N',
      errorsMax: 0,
      timeFormat: 'auto',
      quote: '"',
    },
  })
})

test('options are read as Redshift spells them, in any case and with or without AS', () => {
  assert.equal(read("format as json 'auto'").format, 'json')
  assert.equal(read('FORMAT JSON').json, 'auto')
  assert.equal(read("JSON 'auto ignorecase' GZIP").json, 'auto ignorecase')
  assert.deepEqual(read("json as 's3://conf/paths/orders.json'").json, { bucket: 'conf', key: 'paths/orders.json' })
  assert.deepEqual([read('CSV').format, read('CSV').delimiter], ['csv', ','])
  assert.deepEqual([read("CSV QUOTE AS '%' DELIMITER ';'").quote, read("CSV DELIMITER ';'").delimiter], ['%', ';'])
  assert.equal(read("delimiter as '\\t'").delimiter, '\t')
  assert.equal(read("DELIMITER '\\001'").delimiter, '\u0001')
  assert.equal(read("NULL AS 'n''a' MAXERROR AS 100").nullAs, "n'a")
  assert.equal(read('MAXERROR 100000').errorsMax, 100_000)
  assert.equal(read("TIMEFORMAT 'epochmillisecs' DATEFORMAT AS 'auto'").timeFormat, 'epochmillisecs')
  assert.equal(read("COMPUPDATE OFF STATUPDATE ON COMPROWS 10 REGION 'eu-west-1' CSV").format, 'csv')
})

test('what a PostgreSQL cannot keep is refused by its name', () => {
  const cases: [string, RegExp][] = [
    ['FORMAT PARQUET', /PARQUET cannot be kept/],
    ["FIXEDWIDTH 'a:3'", /FIXEDWIDTH cannot be kept/],
    ['BZIP2', /BZIP2 cannot/],
    ["DATEFORMAT 'DD.MM.YYYY'", /DATEFORMAT other than/],
    ["TIMEFORMAT 'HH'", /TIMEFORMAT other than/],
    ['ENCODING UTF16', /ENCODING other than UTF8/],
    ["JSON 'autos'", /JSON 'autos' cannot/],
    ["CSV JSON 'auto'", /two formats/],
    ["DELIMITER '||'", /must be one character/],
    ['DELIMITER', /needs a text/],
    ['MAXERROR many', /needs a number/],
    ['MAXERROR 100001', /MAXERROR is at most 100000/],
    ["CSV 'x'", /belongs to no option/],
  ]
  for (const [text, message] of cases) assert.throws(() => copyOptions(text), message, text)
})

test('options that are more than options are refused, and what Redshift gets can be nothing else', () => {
  for (const text of [
    'CSV; DROP TABLE orders',
    'CSV -- ',
    'CSV /* x */',
    "NULL AS 'open",
    '"CSV"',
    'CSV $$x$$',
    "'a'; --",
  ])
    for (const read of [copyOptions, redshiftOptions])
      assert.throws(() => read(text), /cannot be read from here on/, text)
  assert.equal(redshiftOptions("json  'auto' \n gzip null as 'it''s'"), "JSON 'auto' GZIP NULL AS 'it''s'")
  assert.equal(redshiftOptions(''), '')
})
