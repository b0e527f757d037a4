import type { Clock } from '@millrace/ports'
import type { AgentStatus } from './agent.ts'

/** How often the line is written anew on a terminal. */
const terminalPeriodMs = 500

export type StatusOutput = { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number }

/** Tells how it goes: on a terminal one line that is written anew twice a second, elsewhere a line each `periodMs`. */
export class StatusLine {
  readonly #statusOf: () => AgentStatus
  readonly #output: StatusOutput
  readonly #clock: Clock
  readonly #periodMs: number
  #stopTimer: (() => void) | undefined
  #before: { readonly sent: number; readonly atMs: number }
  #isShown = false

  constructor(statusOf: () => AgentStatus, output: StatusOutput, clock: Clock, periodMs: number) {
    this.#statusOf = statusOf
    this.#output = output
    this.#clock = clock
    this.#periodMs = output.isTTY ? terminalPeriodMs : periodMs
    this.#before = { sent: 0, atMs: clock.monotonicMs() }
    this.#schedule()
  }

  /** Makes place for other output. */
  clear(): void {
    if (this.#isShown) this.#output.write('\r\u001b[K')
    this.#isShown = false
  }

  /** Shows the last state, and ends. */
  end(): void {
    this.#stopTimer?.()
    this.#show()
    if (this.#isShown) this.#output.write('\n')
    this.#isShown = false
  }

  #schedule(): void {
    this.#stopTimer = this.#clock.after(this.#periodMs, () => {
      this.#show()
      this.#schedule()
    })
  }

  #show(): void {
    const status = this.#statusOf()
    const atMs = this.#clock.monotonicMs()
    const seconds = (atMs - this.#before.atMs) / 1000
    const rate = seconds > 0 ? (status.sent - this.#before.sent) / seconds : 0
    this.#before = { sent: status.sent, atMs }
    const line = statusText(status, rate)
    if (!this.#output.isTTY) return void this.#output.write(`${line}\n`)
    this.#output.write(`\r\u001b[K${line.slice(0, (this.#output.columns ?? 120) - 1)}`)
    this.#isShown = true
  }
}

/** @param rate records acknowledged in a second */
function statusText(status: AgentStatus, rate: number): string {
  const { files, read, sent, pending, errors, skipped, truncated, behindBytes } = status
  const parts = [
    `${count(files)} files`,
    `${count(read)} read`,
    `${count(sent)} sent`,
    `${count(Math.round(rate))}/s`,
    `${count(pending)} pending`,
    `${bytes(behindBytes)} behind`,
    `${count(errors)} errors`,
    ...(skipped > 0 ? [`${count(skipped)} left out`] : []),
    ...(truncated > 0 ? [`${count(truncated)} truncated`] : []),
  ]
  return `millrace agent: ${parts.join(', ')}`
}

const count = (n: number) => n.toLocaleString('en-US')

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

function bytes(n: number): string {
  const unit = n < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(n) / 10))
  return `${(n / 1024 ** unit).toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`
}
