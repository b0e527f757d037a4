import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createStream, type Question } from '../question.ts'
import { cpuMs, residentBytes } from '../servers.ts'

const lineBytes = 200
const idleFiles = 1000

export const agent: Question = {
  name: 'agent',
  asks: 'millrace agent sends one file of lines of 200 B, SINGLELINE, to a stream of one shard; and follows 1,000 idle files',
  figures: [
    { title: 'Agent, lines of 200 B from one file', unit: 'lines/s', better: 'more' },
    { title: "Agent: the agent's CPU time", unit: 'µs/line', better: 'less' },
    { title: "Agent: the server's CPU time", unit: 'µs/line', better: 'less' },
    { title: 'Agent, 1,000 idle files: CPU time', unit: '% of a core', better: 'less' },
    { title: 'Agent, 1,000 idle files: memory', unit: 'MB', better: 'less' },
  ],
  peers: [],
  roundsMax: 3,
  async measure(server, { quick }) {
    await createStream(server.port, 'bench', 1)
    const lines = quick ? 50_000 : 500_000
    const busy = new AgentRun(server.port, 'busy')
    const { path } = busy
    writeFileSync(path('a.log'), `${'x'.repeat(lineBytes - 1)}\n`.repeat(lines))
    const idle = new AgentRun(server.port, 'idle')
    for (let i = 0; i < idleFiles; i++) writeFileSync(idle.path(`${i}.log`), `first of ${i}\n`)
    try {
      await busy.start()
      const [serverMs, agentMs, startedAtMs] = [server.cpuMs(), cpuMs(busy.pid), performance.now()]
      while (deliveredBytes(path('state')) < statSync(path('a.log')).size) await sleep(10)
      const seconds = (performance.now() - startedAtMs) / 1000
      const perLine = (ms: number) => (ms * 1000) / lines
      const sending = [lines / seconds, perLine(cpuMs(busy.pid) - agentMs), perLine(server.cpuMs() - serverMs)]
      await busy.stop()
      await idle.start()
      await sleep(15_000)
      const [idleMs, idleSeconds] = [cpuMs(idle.pid), quick ? 5 : 20]
      await sleep(idleSeconds * 1000)
      const share = (cpuMs(idle.pid) - idleMs) / (idleSeconds * 10)
      return [...sending, share, residentBytes(idle.pid) / 1e6]
    } finally {
      await Promise.all([busy.stop(), idle.stop()])
    }
  },
}

/** An agent in a process and a folder of its own. */
class AgentRun {
  readonly #folder: string
  readonly #port: number
  #child: ChildProcess | undefined

  constructor(port: number, name: string) {
    this.#port = port
    this.#folder = mkdtempSync(join(tmpdir(), `millrace-bench-agent-${name}-`))
  }

  readonly path = (name: string) => join(this.#folder, name)

  get pid(): number {
    return this.#child!.pid!
  }

  /** Resolves when it follows its files. */
  async start(): Promise<void> {
    const flow = {
      filePattern: this.path('*.log'),
      kinesisStream: 'bench',
      initialPosition: 'START_OF_FILE',
      dataProcessingOptions: [{ optionName: 'SINGLELINE' }],
    }
    const config = {
      'kinesis.endpoint': `http://127.0.0.1:${this.#port}`,
      'cloudwatch.emitMetrics': false,
      flows: [flow],
    }
    writeFileSync(this.path('agent.json'), JSON.stringify(config))
    const bin = join(import.meta.dirname, '../../packages/server/src/bin.ts')
    const args = [bin, 'agent', '--config', this.path('agent.json'), '--state', this.path('state')]
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(this.#child.stdout!, 'data')
  }

  async stop(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child) {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    }
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** What the last checkpoint says. */
function deliveredBytes(state: string): number {
  const offsets = readFileSync(state, 'utf8').match(/"offset":\d+/g)
  return Number(offsets?.at(-1)?.slice('"offset":'.length) ?? 0)
}
