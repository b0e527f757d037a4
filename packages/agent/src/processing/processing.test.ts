import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ProcessingStep, readProcessingStep } from '../config/processing-config.ts'
import { converterOf } from './converter.ts'

/** What a record becomes; with faults of the options as they are told. */
function converted(
  options: readonly Record<string, unknown>[],
  record: string | Buffer,
  metadata?: Record<string, unknown>,
) {
  const faults: string[] = []
  const steps = options.map((option): ProcessingStep => readProcessingStep(option, '', faults, []))
  assert.deepEqual(faults, [])
  return converterOf(steps, { current: () => metadata })!(Buffer.from(record))?.toString()
}

const log = (logFormat: string, more: Record<string, unknown> = {}) => ({ optionName: 'LOGTOJSON', logFormat, ...more })

// The examples of https://docs.aws.amazon.com/streams/latest/dev/writing-with-agents.html and its FAQ.

test('SINGLELINE takes out newlines, and what is blank at the ends of each line', () => {
  const record = '{\n   "a": {\n      "b": 1,\r\n\t "c": null\n   },\n  "e": "f g"\n}\n'
  assert.equal(converted([{ optionName: 'SINGLELINE' }], record), '{"a": {"b": 1,"c": null},"e": "f g"}\n')
  assert.equal(converted([{ optionName: 'SINGLELINE' }], '  a \n'), 'a\n')
  assert.equal(converted([{ optionName: 'SINGLELINE' }], 'a'), 'a\n')
  assert.equal(converted([{ optionName: 'SINGLELINE' }], '\n'), '\n')
})

test('SINGLELINE leaves bytes alone that are not UTF-8', () => {
  const converter = converterOf([{ name: 'SINGLELINE' }], { current: () => undefined })!
  const record = Buffer.from(' \xff\xfe\n \xc3 \n', 'latin1')
  assert.deepEqual(converter(record), Buffer.from('\xff\xfe\xc3\n', 'latin1'))
})

test('CSVTOJSON names the columns', () => {
  const csv = (customFieldNames: string[], record: string, more = {}) =>
    converted([{ optionName: 'CSVTOJSON', customFieldNames, ...more }], record)
  assert.equal(csv(['f1', 'f2'], 'v1, v2\n'), '{"f1":"v1","f2":" v2"}\n')
  assert.equal(csv(['a', 'b', 'c', 'd'], '1,2,3\n'), '{"a":"1","b":"2","c":"3","d":null}\n')
  assert.equal(csv(['a', 'b'], '1,2,3\r\n'), '{"a":"1","b":"2"}\n')
  assert.equal(csv(['a', 'b', 'c'], ',x,,\n'), '{"a":"","b":"x","c":null}\n')
  assert.equal(csv(['2', '1'], 'x,y'), '{"2":"x","1":"y"}\n', 'in the order of the names')
  assert.equal(csv(['a', 'b'], '1\t 2\n', { delimiter: '\\t' }), '{"a":"1","b":" 2"}\n')
  assert.equal(csv(['a', 'b'], '1\t2\n', { delimiter: '\t' }), '{"a":"1","b":"2"}\n')
  assert.equal(csv(['a', 'b'], '1|2\n', { delimiter: '|' }), '{"a":"1","b":"2"}\n', 'a delimiter means itself')
  assert.equal(csv(['a', 'b'], '1, \t2\n', { delimiter: ',\\s*' }), '{"a":"1","b":"2"}\n')
  assert.equal(csv(['a', 'b', 'c'], '1,2,3\n', { ignoredFieldNames: ['b'] }), '{"a":"1","c":"3"}\n')
  assert.equal(csv(['a'], '"é" \u0001\n'), '{"a":"\\"é\\" \\u0001"}\n')
})

test('jsonFormat FULLJSON has a line for each member', () => {
  const option = { optionName: 'CSVTOJSON', customFieldNames: ['a', 'b'], jsonFormat: 'FULLJSON' }
  assert.equal(converted([option], '1,2\n'), '{\n  "a" : "1",\n  "b" : "2"\n}\n')
})

const request = '64.242.88.10 - - [07/Mar/2004:16:10:02 -0800] "GET /mailman/listinfo/hsdivision HTTP/1.1" 200 6291'
const common =
  '"host":"64.242.88.10","ident":null,"authuser":null,"datetime":"07/Mar/2004:16:10:02 -0800",' +
  '"request":"GET /mailman/listinfo/hsdivision HTTP/1.1","response":"200","bytes":"6291"'

test('LOGTOJSON COMMONAPACHELOG: the example of the documentation', () => {
  assert.equal(converted([log('COMMONAPACHELOG')], `${request}\n`), `{${common}}\n`)
  assert.equal(converted([log('COMMONAPACHELOG')], `${request} "-" "Mozilla"\r\n`), `{${common}}\n`)
})

test('LOGTOJSON with customFieldNames: the example of the documentation', () => {
  const customFieldNames = ['f1', 'f2', 'f3', 'f4', 'f5', 'f6', 'f7']
  assert.equal(
    converted([log('COMMONAPACHELOG', { customFieldNames })], `${request}\n`),
    '{"f1":"64.242.88.10","f2":null,"f3":null,"f4":"07/Mar/2004:16:10:02 -0800",' +
      '"f5":"GET /mailman/listinfo/hsdivision HTTP/1.1","f6":"200","f7":"6291"}\n',
  )
})

test('ADDMETADATA after LOGTOJSON, and LOGTOJSON after SINGLELINE, as the documentation combines them', () => {
  const option = { optionName: 'ADDMETADATA', metadata: { key: 'value', foo: { bar: 'baz' } } }
  assert.equal(
    converted([option], 'This is the data\n'),
    '{"metadata":{"key":"value","foo":{"bar":"baz"}},"data":"This is the data"}\n',
  )
  const lines = request.replace(' "GET', '\n  "GET').replace('-0800]', '-0800] ')
  assert.equal(converted([{ optionName: 'SINGLELINE' }, log('COMMONAPACHELOG')], `${lines}\n`), undefined)
})

test('LOGTOJSON COMBINEDAPACHELOG, with quotes within quotes', () => {
  assert.equal(
    converted([log('COMBINEDAPACHELOG')], `${request} "-" "Mozilla/5.0 (\\"X11\\")" "more"\n`),
    `{${common},"referer":null,"agent":"Mozilla/5.0 (\\\\\\"X11\\\\\\")"}\n`,
  )
  assert.equal(converted([log('COMBINEDAPACHELOG')], `${request}\n`), undefined)
})

test('LOGTOJSON APACHEERRORLOG, with and without module and thread', () => {
  const tail = '"client":"10.1.2.3","message":"File does not exist: /srv/robots.txt"}\n'
  assert.equal(
    converted(
      [log('APACHEERRORLOG')],
      '[Sat Nov 21 14:03:07.000123 2026] [core:error] [pid 812:tid 140011] [client 10.1.2.3] File does not exist: /srv/robots.txt',
    ),
    `{"timestamp":"Sat Nov 21 14:03:07.000123 2026","module":"core","severity":"error","processid":"812","threadid":"140011",${tail}`,
  )
  assert.equal(
    converted(
      [log('APACHEERRORLOG')],
      '[Sat Nov 21 14:03:07 2026] [error] [pid 812] [client 10.1.2.3] File does not exist: /srv/robots.txt\n',
    ),
    `{"timestamp":"Sat Nov 21 14:03:07 2026","module":null,"severity":"error","processid":"812","threadid":null,${tail}`,
  )
})

test('LOGTOJSON SYSLOG and RFC3339SYSLOG', () => {
  const tail = '"hostname":"db-1","program":"cron","processid":"417","message":"3 jobs: started "}\n'
  const line = (time: string) => `${time} db-1 cron[417]: 3 jobs: started \n`
  const cases = [
    ['SYSLOG', 'Jan 31 23:59:58'],
    ['SYSLOG', 'Feb  2 02:00:08'],
    ['RFC3339SYSLOG', '2026-11-21T10:20:30.123456+01:00'],
    ['RFC3339SYSLOG', '2026-11-21T10:20:30Z'],
  ] as const
  for (const [format, time] of cases)
    assert.equal(converted([log(format)], line(time)), `{"timestamp":"${time}",${tail}`)
  assert.equal(
    converted([log('SYSLOG')], 'Jun 15 08:01:02 <4.6> edge_2 kernel: link: up\n'),
    '{"timestamp":"Jun 15 08:01:02","hostname":"edge_2","program":"kernel","processid":null,"message":"link: up"}\n',
  )
  assert.equal(converted([log('SYSLOG')], line('2026-11-21T10:20:30Z')), undefined)
})

test('LOGTOJSON with matchPattern: a regular expression of Java', () => {
  const matchPattern = '(\\S+) (\\S+) (\\S+) \\[([^\\]]+)\\] "([^"]*)" (\\p{Digit}{3})'
  const customFieldNames = ['host', 'ident', 'user', 'time', 'request', 'status']
  assert.equal(
    converted([log('COMMONAPACHELOG', { matchPattern, customFieldNames })], `${request.slice(0, -5)}\n`),
    '{"host":"64.242.88.10","ident":null,"user":null,"time":"07/Mar/2004:16:10:02 -0800",' +
      '"request":"GET /mailman/listinfo/hsdivision HTTP/1.1","status":"200"}\n',
  )
  assert.equal(
    converted([log('SYSLOG', { matchPattern: '(a)(b)?', customFieldNames: ['a', 'b'] })], 'a\n'),
    '{"a":"a","b":null}\n',
  )
})

test('ADDEC2METADATA adds members to a JSON record, and leaves it alone where there are none', () => {
  const option = { optionName: 'ADDEC2METADATA' }
  assert.equal(converted([option], '{"a":1}\n'), '{"a":1}\n')
  assert.equal(
    converted([option], '{"a":1}\n', { instanceId: 'i-1', tags: {} }),
    '{"a":1,"instanceId":"i-1","tags":{}}\n',
  )
  assert.throws(() => converted([option], 'no JSON\n', { instanceId: 'i-1' }))
})

test('ADDBRACKETS', () => {
  assert.equal(converted([{ optionName: 'ADDBRACKETS' }], 'hello there'), '{hello there}')
})

test('no line takes a named format longer than its length asks', (t) => {
  const hostile = [
    'a.'.repeat(200_000),
    '-'.repeat(400_000),
    `${'a '.repeat(200_000)}`,
    `h - - [07/Mar/2004:16:10:02 -0800] "${'\\'.repeat(400_000)}`,
    `Jan 31 23:59:58 ${'x'.repeat(400_000)}`,
    `[Sat Nov 21 14:03:07 2026] [a] [pid 1] [client ${'] '.repeat(100_000)}`,
    `Mar${' '.repeat(400_000)}`,
  ]
  const before = process.cpuUsage()
  for (const format of ['COMMONAPACHELOG', 'COMBINEDAPACHELOG', 'APACHEERRORLOG', 'SYSLOG', 'RFC3339SYSLOG'])
    for (const line of hostile) converted([log(format)], line)
  const { user, system } = process.cpuUsage(before)
  const tookMs = (user + system) / 1000
  t.diagnostic(`35 hostile lines of 400,000 bytes: ${tookMs.toFixed(0)} ms`)
  assert.ok(tookMs < 5000)
})
