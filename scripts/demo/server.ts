import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const bin = join(import.meta.dirname, '../../packages/server/src/bin.ts')

export type DemoServer = { readonly url: string; stop(): Promise<void> }

/** Starts the command line as anyone would, in a process of its own, with a data folder that goes with it. */
export async function startServer(limits: string): Promise<DemoServer> {
  const data = await mkdtemp(join(tmpdir(), 'millrace-demo-'))
  const child = spawn(process.execPath, [bin, '--port', '0', '--data', data, '--limits', limits], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Ctrl-C reaches the demo, which then stops the server in order.
    detached: true,
  })
  const ended = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
    await rm(data, { recursive: true, force: true })
  }
  const url = await new Promise<string | undefined>((resolve) => {
    let printed = ''
    child.stdout.on('data', (chunk) => {
      printed += String(chunk)
      const found = /http:\/\/[^\s]+:\d+/.exec(printed)?.[0]
      if (found) resolve(found)
    })
    child.once('exit', () => resolve(undefined))
  })
  if (url) return { url, stop }
  await stop()
  throw new Error('the server did not start')
}
