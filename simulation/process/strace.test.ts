import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { temporaryFolder } from './server-process.ts'
import { pathsIn, tracedCalls } from './strace.ts'

const folder = temporaryFolder()
after(folder.remove)

test('calls to files of the folder are read from what strace writes, also where threads come between', () => {
  const output = `${folder.path}/trace`
  const lines = [
    '7 pwritev(21</data/log/1.segment>, [{iov_base="a, 3) = 4", iov_len=64}], 1, 100) = 64',
    '7 fdatasync(21</data/log/1.segment>)      = 0',
    '7 pwrite64(21</data/log/1.segment>, "x"..., 56, 164 <unfinished ...>',
    '5 write(14<anon_inode:[eventfd]>, "\\1\\0"..., 8) = 8',
    '7 <... pwrite64 resumed>)                 = 56',
    '7 fdatasync(21</data/log/1.segment> <unfinished ...>',
    '5 --- SIGTERM {si_signo=SIGTERM} ---',
    '7 <... fdatasync resumed>)                = -1 EIO (Input/output error) (INJECTED)',
    '7 rename("/data/log/a.new", "/data/log/a") = 0',
    '7 unlink("/elsewhere/b")                  = 0',
  ]
  writeFileSync(output, lines.join('\n'))
  const calls = tracedCalls(output, '/data')
  assert.deepEqual(
    calls.map(({ call, isInjected, endsAt }) => [call, isInjected, endsAt]),
    [
      ['pwritev', false, 164],
      ['fdatasync', false, undefined],
      ['pwrite64', false, 220],
      ['fdatasync', true, undefined],
      ['rename', false, undefined],
    ],
  )
  assert.deepEqual(pathsIn(calls, '/data', '/copy'), ['/copy/log/1.segment', '/copy/log/a.new'])
})
