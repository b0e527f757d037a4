import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { commandHelp } from './command.ts'

const bin = join(import.meta.dirname, '../bin.ts')
const millrace = (...args: string[]) => spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8' })

test('millrace --help and -h name every command', () => {
  for (const flag of ['--help', '-h']) {
    const { status, stdout } = millrace(flag)
    assert.equal(status, 0)
    for (const name of Object.keys(commandHelp)) assert.match(stdout, new RegExp(` millrace \\[?${name}\\b`), name)
  }
})

test('every command tells of itself by --help, and changes nothing', () => {
  for (const name of Object.keys(commandHelp)) {
    const { status, stdout, stderr } = millrace(name, '--help')
    assert.equal(status, 0, stderr)
    assert.match(stdout, name === 'serve' ? /^millrace: / : new RegExp(`\\bmillrace ${name}\\b`), name)
  }
})

test('a word that is no command is refused, and every command named', () => {
  for (const word of ['start', 'toString']) {
    const { status, stdout, stderr } = millrace(word)
    assert.equal(status, 2)
    assert.equal(stdout, '')
    for (const part of [`"${word}"`, ...Object.keys(commandHelp)]) assert.ok(stderr.includes(part), part)
  }
})
