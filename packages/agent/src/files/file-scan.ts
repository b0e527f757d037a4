import { join } from 'node:path'
import type { FileStat, FileSystem } from './file-system.ts'
import { anyDepth, type Glob, nameMatches } from './glob.ts'

export type FoundFile = { readonly path: string; readonly stat: FileStat }

/** What a scan found: files, oldest change first; and the directories in which a file may come or go. */
export type Scan = {
  readonly files: readonly FoundFile[]
  readonly directories: readonly string[]
  /** Nothing was left out: no bound reached, no directory missing. */
  readonly isWhole: boolean
}

/** So many files of one flow, directories, and levels below each other. */
const filesMax = 100_000
const directoriesMax = 10_000
const depthMax = 32

const compressed = /\.(?:gz|bz2|zip|xz|zst|lz4|Z)$/i

/** Finds the files that a pattern means. Directories that are not there, or may not be read, have none in them. */
export async function scanFiles(fileSystem: FileSystem, { base, names }: Glob): Promise<Scan> {
  const files: FoundFile[] = []
  const directories = new Set<string>()
  let isWhole = true
  const visit = async (directory: string, at: number, depth: number): Promise<void> => {
    if (directories.size >= directoriesMax || depth > depthMax) {
      isWhole = false
      return
    }
    const entries = await fileSystem.list(directory).catch(() => undefined)
    if (!entries) {
      isWhole = false
      return
    }
    directories.add(directory)
    const wanted = names[at]!
    const isLast = at === names.length - 1
    if (wanted === anyDepth) {
      await visit(directory, at + 1, depth)
      for (const { name, mayBeDirectory } of entries)
        if (mayBeDirectory) await visitIfDirectory(join(directory, name), at, depth + 1)
      return
    }
    const matching = entries.filter(({ name }) => nameMatches(name, wanted))
    if (isLast)
      await addFiles(
        directory,
        matching.map(({ name }) => name),
      )
    else
      for (const { name, mayBeDirectory } of matching)
        if (mayBeDirectory) await visitIfDirectory(join(directory, name), at + 1, depth + 1)
  }
  const visitIfDirectory = async (path: string, at: number, depth: number): Promise<void> => {
    const stat = await fileSystem.stat(path).catch(() => undefined)
    if (stat && !stat.isFile) await visit(path, at, depth)
  }
  const addFiles = async (directory: string, found: readonly string[]): Promise<void> => {
    const plain = found.filter((name) => !compressed.test(name)).map((name) => join(directory, name))
    const stats = await Promise.all(plain.map((path) => fileSystem.stat(path).catch(() => undefined)))
    for (const [i, stat] of stats.entries()) {
      if (!stat?.isFile) continue
      if (files.length < filesMax) files.push({ path: plain[i]!, stat })
      else isWhole = false
    }
  }
  await visit(base, 0, 0)
  files.sort((a, b) => a.stat.modifiedMs - b.stat.modifiedMs || (a.path < b.path ? -1 : 1))
  return { files, directories: [...directories], isWhole }
}

/** The name under which a directory has a file now. */
export async function findById(fileSystem: FileSystem, directory: string, id: string): Promise<string | undefined> {
  const entries = await fileSystem.list(directory).catch(() => [])
  for (const { name } of entries.slice(0, directoriesMax)) {
    const path = join(directory, name)
    const stat = await fileSystem.stat(path).catch(() => undefined)
    if (stat?.isFile && stat.id === id) return path
  }
  return undefined
}
