import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkKeyTemplate, defaultKeyTemplate, expandKey } from './channel-key-template.ts'

const facts = { channelName: 'my-channel', channelId: 'abc123', streamName: 'my-stream', extension: '.gz' }
const atMs = Date.UTC(2026, 6, 20, 14, 30, 59)

test("the examples of AWS's page are taken or refused as it says", () => {
  for (const [template, isCompressed, why] of [
    ['!{channel-name}/!{yyyy}/!{MM}/!{dd}/!{HH}/records!{extension}', true, undefined],
    ['data/stream=!{stream-name}/!{yyyy}-!{MM}-!{dd}/!{HH}!{mm}!{extension:.json}', true, undefined],
    ['!{channel-name}/!{channel-id}', false, undefined],
    ['/data/!{channel-name}!{extension}', true, /start with a slash/],
    ['data/../!{channel-name}!{extension}', true, /path traversal/],
    ['data/./!{channel-name}!{extension}', true, /path traversal/],
    ['data//!{channel-name}!{extension}', true, /consecutive slashes/],
    ['!{channel-name}!{extension}/!{yyyy}', true, /at the end/],
    ['data/!{partition-id}!{extension}', true, /no variable !\{partition-id\}/],
    ['data/!{channel-name}', true, /must have !\{extension\}/],
    ['data/!{channel-name}/!{yyyy', false, /matching \}/],
    ['data/!{channel-name}}', false, /in variables only/],
    ['data/!{yyyy:MM}', false, /no variable/],
    ['!{extension}!{extension}', false, /at the end/],
    ['data!{extension:json}', false, /starts with a period/],
    [`${'a'.repeat(980)}!{channel-name}`, false, /exceed 986/],
    [defaultKeyTemplate, true, undefined],
  ] as const) {
    const check = () => checkKeyTemplate(template, isCompressed, facts)
    if (why) assert.throws(check, { name: 'InvalidArgumentException', message: why }, template)
    else check()
  }
})

test('variables become what they stand for, and what is unique stands before the extension', () => {
  for (const [template, key] of [
    [
      defaultKeyTemplate,
      'kinesis-channel/my-channel/abc123/2026/07/20/14/my-channel-abc123-2026-07-20-14-30-unique.gz',
    ],
    ['s=!{stream-name}/!{yy}!{mm}!{extension:.json.gz}', 's=my-stream/2630-unique.json.gz'],
    ['plain', 'plain-unique'],
  ] as const)
    assert.equal(expandKey(template, facts, atMs, 'unique'), key)
})

test('a name that looks like a variable is not expanded', () => {
  assert.equal(expandKey('!{channel-name}', { ...facts, channelName: '$&.!yyyy' }, atMs, 'u'), '$&.!yyyy-u')
})
