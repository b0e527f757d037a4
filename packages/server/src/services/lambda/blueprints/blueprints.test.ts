import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { handler as apacheLogToCsv } from './apache-log-to-csv.ts'
import { handler as apacheLogToJson } from './apache-log-to-json.ts'
import { handler as cloudWatchLogs } from './cloudwatch-logs.ts'
import type { FirehoseHandler } from './firehose-event.ts'
import { handler as general } from './general.ts'
import { handler as syslogToCsv } from './syslog-to-csv.ts'
import { handler as syslogToJson } from './syslog-to-json.ts'

/** The text that a blueprint makes of each record, or its result where there is none. */
async function results(handler: FirehoseHandler, ...datas: (string | Uint8Array)[]): Promise<string[]> {
  const given = datas.map((data, i) => ({ recordId: `${i}`, data: Buffer.from(data as string).toString('base64') }))
  const { records } = await handler({ records: given })
  assert.deepEqual(
    records.map(({ recordId }) => recordId),
    given.map(({ recordId }) => recordId),
  )
  return records.map((made) => (made.result === 'Ok' ? Buffer.from(made.data, 'base64').toString() : made.result))
}

const common = '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326'
const combined =
  '2001:db8::7 - - [31/Dec/2023:23:59:59 +0530] "POST /a?b=\\"c\\",d HTTP/1.1" 304 - ' +
  '"https://example.org/" "Mozilla/5.0 (X11; Linux x86_64)"'
const noApacheLines = [
  '',
  'hello',
  `${common}\n${common}\n`,
  common.replace('Oct', 'Okt'),
  common.replace('10/Oct', '32/Oct'),
  common.replace('13:55', '25:55'),
  common.replace('200 2326', 'OK 2326'),
  common.replace('"GET', 'GET'),
  `${'\\'.repeat(50_000)}"`,
]

test('the general blueprint gives records back as they came', async () => {
  assert.deepEqual(await results(general, 'a', '', 'ü'), ['a', '', 'ü'])
})

test('lines of an Apache log become JSON by the names of AWS', async () => {
  const made = await results(apacheLogToJson, common, `${combined}\r\n`, ...noApacheLines)
  assert.deepEqual(JSON.parse(made[0]!), {
    ...{ host: '127.0.0.1', ident: '-', authuser: 'frank' },
    ...{ '@timestamp': '2000-10-10T13:55:36', '@timestamp_utc': '2000-10-10T20:55:36+00:00', timezone: '-0700' },
    ...{ request: 'GET /apache_pb.gif HTTP/1.0', verb: 'GET', response: 200, bytes: 2326 },
  })
  assert.deepEqual(JSON.parse(made[1]!), {
    ...{ host: '2001:db8::7', ident: '-', authuser: '-' },
    ...{ '@timestamp': '2023-12-31T23:59:59', '@timestamp_utc': '2023-12-31T18:29:59+00:00', timezone: '+0530' },
    ...{ request: 'POST /a?b=\\"c\\",d HTTP/1.1', verb: 'POST', response: 304, bytes: 0 },
    ...{ referer: 'https://example.org/', agent: 'Mozilla/5.0 (X11; Linux x86_64)' },
  })
  assert.deepEqual(
    made.slice(2),
    noApacheLines.map(() => 'ProcessingFailed'),
  )
})

test('lines of an Apache log become CSV that can be read back', async () => {
  assert.deepEqual(await results(apacheLogToCsv, common, combined, ...noApacheLines), [
    '127.0.0.1,-,frank,10/Oct/2000:13:55:36 -0700,GET /apache_pb.gif HTTP/1.0,200,2326\n',
    '2001:db8::7,-,-,31/Dec/2023:23:59:59 +0530,"POST /a?b=\\""c\\"",d HTTP/1.1",304,-,' +
      'https://example.org/,Mozilla/5.0 (X11; Linux x86_64)\n',
    ...noApacheLines.map(() => 'ProcessingFailed'),
  ])
})

const syslogLines = [
  "Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick, on /dev/pts/8",
  '<38>May  6 07:08:09 web-1.example.org sshd[4711]: Accepted publickey for root from 10.0.0.7 port 22 ssh2\n',
  '2026-05-06T07:08:09.123456+00:00 host systemd[1]: Started Session 5 of User "root".',
  'May  6 07:08:09 host kernel: [12345.678] eth0: link up',
]
const noSyslogLines = [
  '',
  'hello',
  'Foo 11 22:14:15 host su: x',
  'Oct 11 25:14:15 host su: x',
  'Oct 32 22:14:15 host su: x',
  'Oct 11 22:14:15 host',
]

test('lines of syslog become JSON by the names of AWS', async () => {
  const made = await results(syslogToJson, ...syslogLines, ...noSyslogLines)
  assert.deepEqual(
    made.slice(0, 2).map((text) => JSON.parse(text)),
    [
      {
        ...{ timestamp: 'Oct 11 22:14:15', hostname: 'mymachine', program: 'su' },
        message: "'su root' failed for lonvick, on /dev/pts/8",
      },
      {
        ...{ timestamp: 'May  6 07:08:09', hostname: 'web-1.example.org', program: 'sshd', processid: '4711' },
        message: 'Accepted publickey for root from 10.0.0.7 port 22 ssh2',
      },
    ],
  )
  assert.equal(JSON.parse(made[2]!).timestamp, '2026-05-06T07:08:09.123456+00:00')
  assert.equal(JSON.parse(made[3]!).message, '[12345.678] eth0: link up')
  assert.deepEqual(
    made.slice(4),
    noSyslogLines.map(() => 'ProcessingFailed'),
  )
})

test('lines of syslog become CSV that can be read back', async () => {
  const made = await results(syslogToCsv, ...syslogLines, 'hello')
  assert.equal(made[0], `Oct 11 22:14:15,mymachine,su,,"'su root' failed for lonvick, on /dev/pts/8"\n`)
  assert.equal(made[2], '2026-05-06T07:08:09.123456+00:00,host,systemd,1,"Started Session 5 of User ""root""."\n')
  assert.equal(made[4], 'ProcessingFailed')
})

const subscription = (messageType: string, ...messages: unknown[]) =>
  gzipSync(
    JSON.stringify({
      ...{ messageType, owner: '123456789012', logGroup: 'g', logStream: 's', subscriptionFilters: ['f'] },
      logEvents: messages.map((message, i) => ({ id: `${i}`, timestamp: 1510109208016 + i, message })),
    }),
  )

test('what a subscription of CloudWatch Logs sends becomes its messages', async () => {
  assert.deepEqual(
    await results(
      cloudWatchLogs,
      subscription('DATA_MESSAGE', 'log message 1', 'log message 2'),
      subscription('CONTROL_MESSAGE', 'CWL CONTROL MESSAGE: Checking health of destination Firehose.'),
      subscription('DATA_MESSAGE'),
      ...[
        subscription('OTHER', 'a'),
        subscription('DATA_MESSAGE', 5),
        'no gzip',
        gzipSync('no JSON'),
        gzipSync('null'),
      ],
      gzipSync(Buffer.alloc(64 * 1024 * 1024)),
    ),
    ['log message 1\nlog message 2\n', 'Dropped', '', ...Array(6).fill('ProcessingFailed')],
  )
})

test('what would make an answer larger than 6 MB is left to the error output', async () => {
  const large = subscription('DATA_MESSAGE', 'x'.repeat(1_500_000))
  const made = await results(cloudWatchLogs, large, large, large, large, subscription('DATA_MESSAGE', 'small'))
  assert.deepEqual(
    made.map((text) => (text.length > 100 ? 'large' : text)),
    ['large', 'large', 'large', 'ProcessingFailed', 'small\n'],
  )
})
