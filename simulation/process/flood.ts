import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export type FloodOptions = {
  readonly port: number
  readonly streamName: string
  readonly connections: number
  readonly recordsInPut: number
  readonly recordBytes: number
}

/** What became of the puts: acknowledged, answered with an error or not at all, throttled in part. */
export type Told = { readonly puts: number; readonly refused: number; readonly throttled: number }

/** Starts put-flood.ts. `end` stops it, and tells what became of its puts. */
export function startFlood(options: FloodOptions): { end(): Promise<Told> } {
  const { port, streamName, connections, recordsInPut, recordBytes } = options
  const args = [port, streamName, connections, recordsInPut, recordBytes].map(String)
  const child = spawn(process.execPath, [join(import.meta.dirname, 'put-flood.ts'), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout.on('data', (chunk) => {
    printed += String(chunk)
  })
  const closed = once(child, 'close')
  return {
    async end() {
      child.stdin.end()
      await closed
      return JSON.parse(printed) as Told
    },
  }
}
