import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Effort, Question } from './question.ts'
import { contestant, start } from './servers.ts'
import { countSyscalls } from './syscalls.ts'
import { recordsSent } from './wrk.ts'

/*
 * Where Millrace's time goes in one question: the functions by their own time, and the system calls for each thousand
 * records that were sent. Two passes, each on a fresh server, because counting system calls makes them slow.
 */

export async function profile(question: Question, effort: Effort): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-profile-'))
  try {
    const server = await start(contestant.millrace(['--cpu-prof', `--cpu-prof-dir=${folder}`]))
    try {
      await question.measure(server, effort)
    } finally {
      await server.stop()
    }
    return `${functionTable(folder)}\n\n${await syscallTable(question, effort)}`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What is needed here of the file that `--cpu-prof` writes. */
type CpuProfile = {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

const functionsMax = 40

/** Over all threads: own time in per cent of the time in which a thread was not idle. */
function functionTable(folder: string): string {
  const selfUs = new Map<string, number>()
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'))) {
    const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile
    const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
    for (const [i, id] of samples.entries()) {
      const name = names.get(id)!
      selfUs.set(name, (selfUs.get(name) ?? 0) + timeDeltas[i]!)
    }
  }
  const idleUs = selfUs.get('(idle)') ?? 0
  selfUs.delete('(idle)')
  const busyUs = [...selfUs.values()].reduce((sum, us) => sum + us, 0)
  const rows = [...selfUs].sort(([, a], [, b]) => b - a).slice(0, functionsMax)
  const share = (us: number, of: number) => `${((us / of) * 100).toFixed(1)} %`
  return [
    `Busy ${(busyUs / 1e6).toFixed(2)} s, idle ${share(idleUs, busyUs + idleUs)} of the time.`,
    '',
    '| own time | function |',
    '| ---: | --- |',
    ...rows.map(([name, us]) => `| ${share(us, busyUs)} | ${name} |`),
  ].join('\n')
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const file = url.split('/').slice(-2).join('/')
  return `${functionName || 'anonymous'}${file ? ` ${file}:${lineNumber + 1}` : ''}`
}

async function syscallTable(question: Question, effort: Effort): Promise<string> {
  const server = await start(contestant.millrace())
  try {
    const before = recordsSent()
    const counted = await countSyscalls(server.pid, 'all', () => question.measure(server, effort))
    if (!counted) return 'System calls are not counted: apt-get install strace'
    const thousands = (recordsSent() - before) / 1000
    const rows = [...counted.counts].sort(([, a], [, b]) => b - a).slice(0, 15)
    return [
      `System calls for each 1,000 records put (strace slows the server: commits are larger than they would be):`,
      '',
      '| calls | system call |',
      '| ---: | --- |',
      ...rows.map(([name, count]) => `| ${(count / thousands).toFixed(2)} | ${name} |`),
    ].join('\n')
  } finally {
    await server.stop()
  }
}
