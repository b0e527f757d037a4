import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { anySignal, type Clock, systemClock } from '@millrace/ports'
import { startMillrace } from '../../packages/server/src/main.ts'
import { jsonLogger } from '../../packages/server/src/telemetry/json-logger.ts'

/*
 * The server in a process of its own, as `millrace serve` runs it, but for what a crash test needs and nobody else: small
 * segments, a clock that is moved by a line on standard input, `shift MS`, and the answer to another one, `used`: how much
 * memory is in use once the garbage is collected. It ends when that input ends, so that it does not outlive whoever started
 * it.
 *
 *   node movable-server.ts --data DIR [--segment-bytes N] [--shift-ms MS]
 */

/** The machine's clock, and so much later: who sleeps is woken when time has been moved past the end of the sleep. */
class MovableClock implements Clock {
  #shiftMs: number
  #moved = new AbortController()

  constructor(shiftMs: number) {
    this.#shiftMs = shiftMs
  }

  nowMs(): number {
    return systemClock.nowMs() + this.#shiftMs
  }

  monotonicMs(): number {
    return systemClock.monotonicMs() + this.#shiftMs
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const untilMs = this.monotonicMs() + ms
    while (!signal?.aborted) {
      const leftMs = untilMs - this.monotonicMs()
      if (leftMs <= 0) return
      const either = signal ? anySignal([signal, this.#moved.signal]) : this.#moved.signal
      await systemClock.sleep(leftMs, either)
    }
  }

  after(ms: number, callback: () => void): () => void {
    return systemClock.after(ms, callback)
  }

  shift(ms: number): void {
    this.#shiftMs += ms
    const moved = this.#moved
    this.#moved = new AbortController()
    moved.abort()
  }
}

/** Bytes of live objects and buffers. */
function usedBytes(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    'segment-bytes': { type: 'string', default: String(64 * 1024 * 1024) },
    'shift-ms': { type: 'string', default: '0' },
  },
})
const clock = new MovableClock(Number(values['shift-ms']))
const ending = new Promise<void>((resolve) => {
  process.on('SIGTERM', () => resolve())
  const lines = createInterface({ input: process.stdin })
  lines.on('close', () => resolve())
  lines.on('line', (line) => {
    if (line === 'used') return void process.stdout.write(`used ${usedBytes()}\n`)
    const ms = /^shift (\d+)$/.exec(line)?.[1]
    if (ms === undefined) return
    clock.shift(Number(ms))
    process.stdout.write('shifted\n')
  })
})
try {
  const server = await startMillrace({
    data: values.data!,
    limits: 'off',
    transitionMs: 1,
    clock,
    segmentBytesMax: Number(values['segment-bytes']),
    logger: jsonLogger((line) => process.stderr.write(line), systemClock, 'warn'),
  })
  process.stdout.write(`ready at ${server.url}\n`)
  await ending
  await server.stop()
  process.exit(0)
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`)
  process.exit(1)
}
