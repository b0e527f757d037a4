import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes the folder that a file goes into, and those above it, for this user alone. One by one: Node's own way, with
 * `recursive`, does not come back where a file system has no room for folders (/proc). @throws Error naming the folder
 */
export function makeFolderOf(path: string): void {
  const folder = dirname(path)
  try {
    makeFolder(folder)
  } catch (error) {
    throw new Error(`${folder} cannot be made (${(error as Error).message}); give this agent another --state`)
  }
}

function makeFolder(path: string): void {
  try {
    makeOne(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error
    makeFolder(dirname(path))
    makeOne(path)
  }
}

function makeOne(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
