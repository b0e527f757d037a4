import { chmod, lstat, mkdtemp, rename, rmdir, unlink } from 'node:fs/promises'
import net, { type Server } from 'node:net'

/** What fits into the system's address of a socket, less what its first name has more than its last. */
const pathBytesMax = 107 - '.XXXXXX/s'.length

/**
 * Lets a server listen on a Unix socket of this mode. The socket is made in a folder that nobody else may enter and moved to its place
 * when its mode is set: at no time may more connect than shall. What a server that is gone has left is replaced.
 * @returns how to take it away
 * @throws Error with one line if the path is too long, or something else is there
 */
export async function listenAt(
  server: Server,
  { socket: path, mode }: { readonly socket: string; readonly mode: number },
): Promise<() => Promise<void>> {
  if (Buffer.byteLength(path) > pathBytesMax)
    throw new Error(`the socket's path ${path} is longer than ${pathBytesMax} bytes, which systems do not allow`)
  await makeWay(path)
  const folder = await mkdtemp(`${path}.`)
  const first = `${folder}/s`
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(first, () => resolve())
    })
    await chmod(first, mode)
    await rename(first, path)
  } finally {
    await unlink(first).catch(() => {})
    await rmdir(folder).catch(() => {})
  }
  const { ino } = await lstat(path)
  return async () => {
    const there = await lstat(path).catch(() => undefined)
    if (there?.ino === ino) await unlink(path).catch(() => {})
  }
}

async function makeWay(path: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined)
  if (!there) return
  if (!there.isSocket())
    throw new Error(`${path} exists and is not a socket: give another path for the private endpoint`)
  const isServed = await new Promise<boolean>((resolve) => {
    const client = net.connect(path, () => {
      client.destroy()
      resolve(true)
    })
    client.once('error', () => resolve(false))
  })
  if (isServed) throw new Error(`another server listens on ${path}`)
}
