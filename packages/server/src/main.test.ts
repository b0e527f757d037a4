import assert from 'node:assert/strict'
import test from 'node:test'
import type { LogLevel } from '@millrace/ports'
import { startMillrace } from './main.ts'
import { ConfigError } from './option-values.ts'

test('without an identity file a server does not listen beyond this machine', async () => {
  for (const host of ['0.0.0.0', '::', ''])
    await assert.rejects(startMillrace({ host }), (error: unknown) => {
      assert.ok(error instanceof ConfigError, 'a wrong option, not a failure')
      assert.match(error.message, /--identity FILE .*--insecure$/, 'both ways out in one line')
      return true
    })
})

test('--insecure lets it, with a warning; on loopback there is nothing to warn of', async () => {
  const lines: [LogLevel, string][] = []
  const logger = { log: (level: LogLevel, message: string) => void lines.push([level, message]) }
  await (await startMillrace({ host: '127.0.0.1', insecure: true, logger })).stop()
  assert.deepEqual(
    lines.filter(([level]) => level === 'warn'),
    [],
  )
  await (await startMillrace({ host: '0.0.0.0', insecure: true, logger })).stop()
  assert.match(lines.find(([level]) => level === 'warn')?.[1] ?? '', /^no identity file: anyone who reaches/)
})
