import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Counted<T> = { readonly result: T; readonly counts: ReadonlyMap<string, number> }

/** What a process asks of the system, by strace, while `during` lasts. @returns undefined where there is no strace */
export async function countSyscalls<T>(
  pid: number,
  names: readonly string[] | 'all',
  during: () => Promise<T>,
): Promise<Counted<T> | undefined> {
  if (spawnSync('strace', ['--version']).error) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'millrace-strace-'))
  const file = join(folder, 'counts')
  const only = names === 'all' ? [] : ['-e', `trace=${names.join(',')}`]
  const strace = spawn('strace', ['-f', '-c', '-o', file, ...only, '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(strace, 'exit')
  const kill = () => strace.kill('SIGKILL')
  process.on('exit', kill)
  try {
    // It tells when it has attached; and it lets go on SIGINT.
    await Promise.race([once(strace.stderr, 'data'), ended])
    const result = await during()
    strace.kill('SIGINT')
    await ended
    return { result, counts: read(readFileSync(file, 'utf8')) }
  } finally {
    process.off('exit', kill)
    rmSync(folder, { recursive: true, force: true })
  }
}

/*
 * % time     seconds  usecs/call     calls    errors syscall
 * ------ ----------- ----------- --------- --------- ----------------
 *  83.11    0.015211          25       600           fdatasync
 */
function read(table: string): Map<string, number> {
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/))
  const counted = rows.filter((cells) => /^[\d.]+$/.test(cells[0]!) && cells.at(-1) !== 'total')
  return new Map(counted.map((cells) => [cells.at(-1)!, Number(cells[3])]))
}
