import assert from 'node:assert/strict'
import test from 'node:test'
import { describeOptions, readConfig, serverOptions } from './config.ts'
import { ConfigError } from './option-values.ts'

test('without flags and environment every option has its default', () => {
  const config = readConfig([], {})
  for (const [name, { default: standard }] of Object.entries(serverOptions))
    assert.equal(config[name as keyof typeof config], standard, name)
})

test('a flag wins over its environment variable, which wins over the default', () => {
  assert.equal(readConfig([], { MILLRACE_PORT: '5000' }).port, 5000)
  assert.equal(readConfig(['--port', '6000'], { MILLRACE_PORT: '5000' }).port, 6000)
})

test('a switch can be set from the environment', () => {
  assert.equal(readConfig([], { MILLRACE_MEMORY: 'true' }).memory, true)
  assert.equal(readConfig(['--memory'], {}).memory, true)
})

const wrong: [string[], Record<string, string>, RegExp][] = [
  [['--port', '70000'], {}, /^--port must be a whole number from 0 to 65535, not "70000"$/],
  [['--port', '1e3'], {}, /^--port must be a whole number/],
  [['--durability', 'maybe'], {}, /^--durability must be fsync or os, not "maybe"$/],
  [['--account', '12'], {}, /^--account must be twelve digits/],
  [['--region', '../x'], {}, /^--region must be a region/],
  [['--limits', '/nowhere/at/all'], {}, /^--limits must be aws, off or a file that can be read/],
  [['--data', ''], {}, /^--data must be a folder/],
  [['--s3-endpoint', 's3.internal:9000'], {}, /^--s3-endpoint must be aws, or an address that begins with http/],
  [['--s3-endpoint', 'http://me:secret@s3:9000'], {}, /^--s3-endpoint must be aws, or an address/],
  [['--s3-endpoint', 'aws', '--buckets', 'b'], {}, /^--buckets and --s3-endpoint/],
  [['--identity', ''], {}, /^--identity must be a file/],
  [['--nonsense'], {}, /^there is no option --nonsense\. See millrace --help$/],
  [['--port'], {}, /^--port needs a value\. See millrace --help$/],
  [['--transition-ms', '-1'], {}, /^--transition-ms needs a value\. See millrace --help$/],
  [['--memory=yes'], {}, /^--memory takes no value\. See millrace --help$/],
  [['--tls-cert', '/nowhere'], {}, /^--tls-cert must be a file that can be read, not "\/nowhere"$/],
  [['--tls-client-ca', '/nowhere'], {}, /^--tls-client-ca must be a file that can be read/],
  [['--tls-client-auth', 'maybe'], {}, /^--tls-client-auth must be none or optional or required, not "maybe"$/],
  [['--private-endpoints', '/nowhere'], {}, /^--private-endpoints must be a file that can be read/],
  [[], { MILLRACE_PAGES_TOKEN: '/nowhere' }, /^MILLRACE_PAGES_TOKEN must be a file that can be read/],
  [['--tls-key', import.meta.filename], {}, /^--tls-cert and --tls-key must be given together$/],
  [['stray'], {}, /^"stray" is no option\. See millrace --help$/],
  [[], { MILLRACE_PORT: 'x' }, /^MILLRACE_PORT must be a whole number/],
  [[], { MILLRACE_MEMORY: 'perhaps' }, /^MILLRACE_MEMORY must be true or false/],
]
for (const [args, env, sentence] of wrong)
  test(`${args.join(' ') || Object.entries(env)} is refused in one line`, () => {
    assert.throws(
      () => readConfig(args, env),
      (error: unknown) => error instanceof ConfigError && sentence.test(error.message) && !error.message.includes('\n'),
    )
  })

test('help tells flag, default and environment variable of every option', () => {
  const text = describeOptions().join('\n')
  for (const [name, { env }] of Object.entries(serverOptions)) {
    assert.match(text, new RegExp(`--${name}\\b`))
    assert.match(text, new RegExp(env))
  }
})
