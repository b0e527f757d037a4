import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Chance } from './fixtures/random-policies.ts'
import { anyRun, anyRunWithin, anyUnit, anyUnitWithin, compileGlob, unitsOf } from './glob.ts'

test('patterns match as a table of all their beginnings says', (t) => {
  const chance = new Chance(7)
  const letters = [...'ab:*'].map((letter) => letter.charCodeAt(0))
  let matches = 0
  const count = 8_000
  for (let i = 0; i < count; i++) {
    const isPlain = chance.is(0.4)
    const wild = isPlain ? [anyRun] : [anyRun, anyUnit, anyRunWithin, anyUnitWithin]
    // Some longer than 32 and 64 units, where the automaton goes on in its next word.
    const length = chance.is(0.1) ? 20 + chance.below(chance.is(0.02) ? 600 : 60) : chance.below(8)
    const units = Array.from({ length }, () => (chance.is(0.4) ? chance.one(wild) : chance.one(letters)))
    const matchesGlob = compileGlob(units)
    for (let k = 0; k < 3; k++) {
      // A text made from the pattern, mostly, so that many match.
      const text = units
        .flatMap((unit) => (unit < 0 ? Array.from({ length: chance.below(4) }, () => chance.one(letters)) : [unit]))
        .filter(() => !chance.is(0.02))
        .map((unit) => String.fromCharCode(unit))
        .join('')
      const isMatch = matchesByTable(units, text)
      if (isMatch) matches++
      assert.equal(matchesGlob(text), isMatch, JSON.stringify({ units, text }))
    }
  }
  t.diagnostic(`${matches} of ${3 * count} match`)
  assert.ok(matches > count / 2)
})

/** Which beginnings of the text each beginning of the pattern matches. */
function matchesByTable(units: readonly number[], text: string): boolean {
  let matched = [true, ...new Array<boolean>(text.length).fill(false)]
  for (const unit of units) {
    const next = new Array<boolean>(text.length + 1).fill(false)
    for (let end = 0; end <= text.length; end++) {
      const last = end > 0 ? text.charCodeAt(end - 1) : undefined
      const isInside = last !== undefined && (last !== 58 || unit === anyRun || unit === anyUnit)
      if (unit === anyRun || unit === anyRunWithin) next[end] = matched[end]! || (isInside && next[end - 1]!)
      else if (unit === anyUnit || unit === anyUnitWithin) next[end] = isInside && matched[end - 1]!
      else next[end] = last === unit && matched[end - 1]!
    }
    matched = next
  }
  return matched[text.length]!
}

test('the worst of 100 kB is matched within 5 ms', (t) => {
  const size = 100 * 1024
  const a = (length: number): string => 'a'.repeat(length)
  const worst: readonly [string, string][] = [
    ['many stars', `${'*a'.repeat(1024)}*b`],
    ['stars with many letters', `*${`${a(120)}*`.repeat(16)}b`],
    ['a piece that nearly matches everywhere', `*${a(249)}b*`],
    ['a long piece that nearly matches everywhere', `*${a(1500)}b*`],
    ['a long piece that fails at its first letter', `*b${a(1500)}*`],
    ['question marks', `*${'a?'.repeat(30)}b*`],
    ['stars and question marks', `${'*a?'.repeat(500)}b`],
  ]
  for (const [name, pattern] of worst) {
    const matches = compileGlob(unitsOf(pattern, true))
    const text = a(size - pattern.length)
    const timesMs = Array.from({ length: 25 }, () => {
      const before = process.cpuUsage()
      assert.equal(matches(text), false)
      const { user, system } = process.cpuUsage(before)
      return (user + system) / 1000
    })
    const bestMs = Math.min(...timesMs)
    t.diagnostic(`${name}: ${bestMs.toFixed(2)} ms`)
    assert.ok(bestMs < 5, `${name}: ${bestMs} ms`)
  }
})
