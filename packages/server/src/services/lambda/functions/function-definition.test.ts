import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { functionDefinitions } from './function-definition.ts'

const read = (given: unknown) => functionDefinitions(given, '/base', '000000000000')

test('what is not said has a default, and a module is found from its folder', () => {
  assert.deepEqual(read({ f: { module: './f.mjs' } }).get('f'), {
    name: 'f',
    code: { kind: 'module', path: '/base/f.mjs', handler: 'handler', memoryMiB: 128, environment: {} },
    timeoutMs: 3000,
    concurrency: 10,
    description: '',
    role: 'arn:aws:iam::000000000000:role/millrace',
  })
})

test('a blueprint is a module of Millrace itself', () => {
  for (const name of [
    'general',
    'apache-log-to-json',
    'apache-log-to-csv',
    'syslog-to-json',
    'syslog-to-csv',
    'cloudwatch-logs',
  ]) {
    const { code } = read({ f: { module: `blueprint:${name}` } }).get('f')!
    assert.ok(code.kind === 'module' && existsSync(code.path), name)
  }
})

const wrong: [unknown, string][] = [
  [[], 'functions: must be an object of functions by name'],
  [{ 'a b': { module: 'f.mjs' } }, 'functions: "a b" is not a name: use letters, digits, - and _, up to 64'],
  [{ f: 'f.mjs' }, 'functions: f: the function must be an object with "module" or "url"'],
  [{ f: {} }, 'functions: f: module must be a file that ends in .mjs, .js, .cjs, .ts or .py'],
  [{ f: { module: 'f.sh' } }, 'functions: f: module must be a file that ends in .mjs, .js, .cjs, .ts or .py'],
  [
    { f: { module: 'blueprint:../x' } },
    'functions: f: module must be blueprint: and general, apache-log-to-json, apache-log-to-csv, syslog-to-json, syslog-to-csv, cloudwatch-logs',
  ],
  [{ f: { module: 'f.mjs', handler: 'a-b' } }, 'functions: f: handler must be the name of an export'],
  [
    { f: { module: 'f.mjs', timeoutSeconds: 901 } },
    'functions: f: timeoutSeconds must be a whole number from 1 to 900',
  ],
  [{ f: { module: 'f.mjs', memoryMiB: 1.5 } }, 'functions: f: memoryMiB must be a whole number from 64 to 10240'],
  [{ f: { module: 'f.mjs', concurrency: '2' } }, 'functions: f: concurrency must be a whole number from 1 to 1000'],
  [{ f: { module: 'f.mjs', environment: { A: 1 } } }, 'functions: f: environment must be an object of texts'],
  [{ f: { module: 'f.mjs', role: 'me' } }, 'functions: f: role must be an ARN'],
  [{ f: { url: 'ftp://x' } }, 'functions: f: url must be an http or https URL'],
  [
    { f: { url: 'http://x', module: 'f.mjs' } },
    'functions: f: there is no option "module" here; there are url, timeoutSeconds, concurrency, description, role',
  ],
  [
    { f: { module: 'f.mjs', timeout: 1 } },
    'functions: f: there is no option "timeout" here; there are module, handler, memoryMiB, environment, timeoutSeconds, concurrency, description, role',
  ],
]
for (const [given, sentence] of wrong)
  test(sentence, () => {
    assert.throws(() => read(given), { message: sentence })
  })
