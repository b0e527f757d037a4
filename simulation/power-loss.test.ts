import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulateInChild } from './child.ts'

/** The nightly command takes other seeds, and fifty times as many. */
const imagesMin = 20_000

test('no crash, at any moment, loses or changes what was promised', async (t) => {
  const { exitCode, output } = await simulateInChild(['--seed', '1', '--images', `${imagesMin}`])
  assert.equal(exitCode, 0, output)
  const last = output.split('\n').findLast((line) => line.includes(' images  '))
  const images = Number(/([\d,]+) images /.exec(last ?? '')?.[1]?.replaceAll(',', ''))
  assert.ok(images >= imagesMin, output)
  t.diagnostic(`seed 1: ${last!.slice(last!.indexOf('%') + 1).trim()}: 0 acknowledged lost, doubled or out of order`)
})
