import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shardsCommand, sizeShards } from './shards.ts'

async function run(...args: string[]) {
  let text = ''
  let complaint = ''
  const code = await shardsCommand(args, { write: (said) => (text += said) }, { write: (said) => (complaint += said) })
  return { code, lines: text.split('\n'), text, complaint }
}

const workload = (record: string, records: string, consumers: string) => [
  ...['--record-kib', record],
  ...['--records-per-second', records],
  ...['--consumers', consumers],
]

test('the number of shards is the larger of incoming / 1024 and outgoing / 2048', () => {
  for (const [recordKib, recordsPerSecond, consumers, shards] of [
    [1, 1, 1, 1],
    [1, 1024, 1, 2], // by bytes one shard would do, by records it does not
    [2, 512, 2, 1],
    [2, 513, 2, 2],
    [3, 1000, 2, 3],
    [3, 1000, 3, 5],
    [0.2, 5000, 1, 5],
    [2.1, 1000, 1, 3],
    [1000, 10, 0, 10],
  ] as const)
    assert.equal(sizeShards({ recordKib, recordsPerSecond, consumers }).shards, shards)
})

test('a record is counted in whole KiB', () => {
  assert.equal(sizeShards({ recordKib: 0.1, recordsPerSecond: 100, consumers: 1 }).incomingKibPerSecond, 100)
  assert.equal(sizeShards({ recordKib: 4.01, recordsPerSecond: 100, consumers: 1 }).incomingKibPerSecond, 500)
})

test('millrace shards prints the number first, and then each step', async () => {
  const { code, lines, text } = await run(...workload('2.5', '2000', '3'))
  assert.equal(code, 0)
  assert.equal(lines[0], '9 shards')
  for (const step of [
    '2.5 KiB, counted as 3 KiB',
    '3 KiB x 2,000 records/s = 6,000 KiB/s',
    '6,000 KiB/s x 3 consumers = 18,000 KiB/s',
    '6,000 / 1024 = 5.86',
    '18,000 / 2048 = 8.79',
    '2,000 / 1000 = 2',
  ])
    assert(text.includes(step), step)
})

test('enhanced fan-out is named where reading decides, with the number it would leave', async () => {
  assert.match((await run(...workload('2.5', '2000', '3'))).text, /enhanced fan-out .* then 6 would do/)
  assert.doesNotMatch((await run(...workload('2.5', '2000', '2'))).text, /fan-out/)
})

test('a key that is hotter than a shard is warned of, a cooler one only measured', async () => {
  const warned = await run(...workload('1', '20000', '1'), '--hottest-key-percent', '10')
  assert.equal(warned.code, 0)
  assert.match(warned.text, /Warning: .* 10 % of the records would need 2 shards\. .*Spread it/)
  const fine = await run(...workload('1', '20000', '1'), '--hottest-key-percent', '4')
  assert.match(fine.text, /The hottest key fills 80 % of its shard\./)
  assert.doesNotMatch(fine.text, /Warning/)
})

test('a wrong value gets one line that names it, and exit code 2', async () => {
  for (const [args, named] of [
    [[], '--record-kib is missing'],
    [workload('0', '1', '1'), '--record-kib must be a number above 0'],
    [
      workload('1', 'many', '1'),
      '--records-per-second must be a number above 0 and up to 1,000,000,000,000, not "many"',
    ],
    [workload('1', '1', '1.5'), '--consumers must be a whole number from 0'],
    [workload('1', '1e3', '1'), '--records-per-second'],
    [
      [...workload('1', '1', '1'), '--hottest-key-percent', '101'],
      '--hottest-key-percent must be a number from 0 to 100',
    ],
    [[...workload('1', '1', '1'), '--shards', '3'], '--shards'],
    [[...workload('1', '1', '1'), 'more'], 'more'],
    [['--record-kib', '-1'], '--record-kib'],
  ] as const) {
    const { code, text, complaint } = await run(...args)
    assert.equal(code, 2, named)
    assert.equal(text, '')
    assert.match(complaint, /^millrace shards: .*\n$/)
    assert(complaint.includes(named), complaint)
  }
})

test('--help tells each option and exits with 0', async () => {
  const { code, text } = await run('--help')
  assert.equal(code, 0)
  for (const option of ['--record-kib', '--records-per-second', '--consumers', '--hottest-key-percent'])
    assert(text.includes(option))
})
