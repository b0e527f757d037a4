import type { Ledger } from './ledger.ts'
import type { Producer } from './producer.ts'

const barWidth = 24

/** Shows how far it is: one line that changes in a terminal, a line every few seconds elsewhere. Returns what stops it. */
export function showProgress(producer: Producer, readers: readonly Ledger[], out: NodeJS.WriteStream): () => void {
  const everyMs = out.isTTY ? 200 : 3_000
  const rates = new Rates()
  const show = () => {
    const line = progressLine(producer, readers, rates.since(producer))
    out.write(out.isTTY ? `\r\x1b[2K${line.slice(0, out.columns - 1)}` : `${line}\n`)
  }
  const timer = setInterval(show, everyMs)
  return () => {
    clearInterval(timer)
    show()
    if (out.isTTY) out.write('\n')
  }
}

function progressLine(producer: Producer, readers: readonly Ledger[], rate: Rate): string {
  const { accepted, total, throttles } = producer
  const filled = Math.round((accepted / total) * barWidth)
  const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled)
  const lag = readers.map(({ name, count }) => `${name} ${(accepted - Math.min(count, accepted)).toLocaleString('en')}`)
  return [
    `${bar} ${String(Math.floor((accepted / total) * 100)).padStart(3)} %`,
    `${Math.round(rate.records).toLocaleString('en')} records/s`,
    `${(rate.bytes / 1e6).toFixed(2)} MB/s`,
    `lag: ${lag.join(', ')}`,
    `throttled ${throttles.toLocaleString('en')}`,
  ].join('  ')
}

type Rate = { readonly records: number; readonly bytes: number }

/** Records and bytes a second since the last look. */
class Rates {
  #atMs = performance.now()
  #accepted = 0
  #bytes = 0

  since({ accepted, acceptedBytes }: Producer): Rate {
    const atMs = performance.now()
    const seconds = Math.max(0.001, (atMs - this.#atMs) / 1000)
    const rate = { records: (accepted - this.#accepted) / seconds, bytes: (acceptedBytes - this.#bytes) / seconds }
    this.#atMs = atMs
    this.#accepted = accepted
    this.#bytes = acceptedBytes
    return rate
  }
}
