import { constants } from 'node:fs'
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Random } from '@millrace/ports'
import { duplicateKeyIn } from '../policies/duplicate-keys.ts'
import type { IdentityPlace, ReadIdentity } from './identity-place.ts'
import { IdentityError } from './identity-reader.ts'

/*
 * The identity file on the disk. It holds secrets in clear, as SigV4 needs them: who else may read it has them all, and who
 * else may write it is everybody. Such a file is not taken.
 */

/** Ten thousand users with policies of their own are less. */
const fileBytesMax = 64 * 1024 * 1024

/** Others may do nothing, and the group may not write: containers get secrets as files that their group may read. */
const forbiddenMode = 0o027

export class IdentityFile implements IdentityPlace {
  readonly path: string
  readonly commandOptions = ''
  readonly #random: Random

  constructor(path: string, random: Random) {
    this.path = path
    this.#random = random
  }

  get name() {
    return this.path
  }

  get serverOptions() {
    return `--identity ${this.path}`
  }

  read(): Promise<ReadIdentity> {
    return readIdentityFile(this.path)
  }

  write(content: unknown, expected: FileStamp | undefined): Promise<void> {
    return writeIdentityFile(this.path, content, expected, this.#random)
  }
}

/** What a file looks like from outside: another one after each change, and after each file that took its place. */
type FileStamp = string

/** Undefined if there is no such file. */
async function stampOf(path: string): Promise<FileStamp | undefined> {
  try {
    return stampFrom(await stat(path, { bigint: true }))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

type BigIntStats = {
  readonly dev: bigint
  readonly ino: bigint
  readonly size: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
}

const stampFrom = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): FileStamp =>
  [dev, ino, size, mtimeNs, ctimeNs].join(' ')

/** The file's JSON. @throws IdentityError in one line: it is not there, others may read it, it is too long, it is no JSON */
async function readIdentityFile(path: string): Promise<ReadIdentity> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw unreadable(path, error)
  })
  try {
    const status = await file.stat({ bigint: true })
    if (!status.isFile()) throw new IdentityError(`${path} is not a file`)
    const mode = Number(status.mode) & 0o777
    if (process.platform !== 'win32' && mode & forbiddenMode)
      throw new IdentityError(
        `${path} has the mode 0${mode.toString(8)}, and holds secrets: chmod 600 it, so that nobody else reads or writes it`,
      )
    if (status.size > fileBytesMax) throw new IdentityError(`${path} is longer than ${fileBytesMax} bytes`)
    return { content: parsed(path, (await file.readFile()).toString('utf8')), stamp: stampFrom(status) }
  } finally {
    await file.close()
  }
}

/** What JSON.parse says shows a piece of the text, in which a secret may stand: only where it is, is told. */
function parsed(path: string, content: string): unknown {
  const text = content.startsWith('\ufeff') ? content.slice(1) : content
  let read: unknown
  try {
    read = JSON.parse(text)
  } catch (error) {
    const where = /\(line \d+ column \d+\)/.exec((error as Error).message)?.[0]
    throw new IdentityError(`${path} is not JSON${where === undefined ? '' : ` ${where}`}`)
  }
  // Of two conditions of one name JSON.parse drops the first, and what it forbade would be allowed.
  const twice = duplicateKeyIn(text)
  if (twice !== undefined) throw new IdentityError(`${path}: "${twice}" occurs twice in one object`)
  return read
}

function unreadable(path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return new IdentityError(`there is no file ${path}: millrace identity init makes one`)
  if (code === 'EACCES' || code === 'EPERM')
    return new IdentityError(`${path} cannot be read by this user: check its permissions`)
  return error
}

/**
 * Puts a document in the place of the file, whole or not at all; durable when it resolves. A new file is for its owner alone;
 * one that was there keeps its mode and its owner.
 * @param expected the file as it must still be; undefined: there must be none
 */
async function writeIdentityFile(
  given: string,
  content: unknown,
  expected: FileStamp | undefined,
  random: Random,
): Promise<void> {
  const path = expected === undefined ? given : await realpath(given) // a link stays a link
  const before = expected === undefined ? undefined : await stat(path)
  const draft = join(dirname(path), `.${basename(path)}.${Buffer.from(random.bytes(6)).toString('hex')}`)
  const file = await open(draft, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600)
  try {
    await writeDurably(file, `${JSON.stringify(content, undefined, 2)}\n`, before)
    if ((await stampOf(path)) !== expected)
      throw new IdentityError(
        expected === undefined ? `${path} exists already` : `${path} was changed by somebody else meanwhile: try again`,
      )
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

type Ownership = { readonly mode: number; readonly uid: number; readonly gid: number }

async function writeDurably(file: FileHandle, text: string, before: Ownership | undefined): Promise<void> {
  try {
    await file.writeFile(text)
    if (before && process.platform !== 'win32') {
      const { uid, gid } = await file.stat()
      if (before.uid !== uid || before.gid !== gid) await file.chown(before.uid, before.gid)
      await file.chmod(before.mode & 0o777 & ~forbiddenMode)
    }
    await file.sync()
  } finally {
    await file.close()
  }
}

/** The name in the folder is durable too. Windows has no such call, and needs none. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
