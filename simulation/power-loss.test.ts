import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from './simulation.ts'

/** The nightly command takes other seeds, and fifty times as many. */
const seed = 1
const imagesMin = 20_000

test('no crash, at any moment, loses or changes what was promised', async (t) => {
  const startMs = performance.now()
  const { images, histories, steps } = await simulate({ seed, imagesMax: imagesMin })
  assert.ok(images >= imagesMin)
  const seconds = (performance.now() - startMs) / 1000
  t.diagnostic(`${images} images of ${histories} histories with ${steps} steps, from seed ${seed}: 0 acknowledged lost`)
  t.diagnostic(`${seconds.toFixed(1)} s, ${Math.round(images / seconds)} images/s`)
})
