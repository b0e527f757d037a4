import { type Clock, type Logger, silentLogger, systemClock } from '@millrace/ports'
import type { Lock } from '../../core/process-lock.ts'
import { type FileSystem, isMissing, makeDirectories, readWhole, replaceFile } from './file-system.ts'
import { FolderGuard } from './folder-guard.ts'

/** The data folder cannot be used: the message is one line that names the file and says what to do. */
export class DataFolderError extends Error {}

/** 2: blocks hold runs of several logs. */
const formatVersion = 2
/** 3: as 2, and some may be sealed. Only a folder in which a log is, or was, says so: older versions still open others. */
const sealedFormatVersion = 3
const versionFile = 'millrace.json'
/** As told to who has lost it: the higher one never lets an older version at what it cannot read. */
const contents = `{"formatVersion":${sealedFormatVersion}}`

/** The folder that a server keeps its data in: made when missing, known by its version file, locked while open. */
export class DataFolder {
  readonly logDirectory: string
  readonly catalogDirectory: string
  /** Writes to it, as long as it is this process's. */
  readonly fileSystem: FileSystem
  readonly #directory: string
  readonly #release: () => Promise<void>
  #version = formatVersion
  #raising: Promise<void> | undefined

  private constructor(
    directory: string,
    fileSystem: FileSystem,
    { release, isHeld }: Lock,
    clock: Clock,
    logger: Logger,
  ) {
    this.#directory = directory
    this.fileSystem = new FolderGuard(directory, isHeld, clock, logger).guard(fileSystem)
    this.logDirectory = `${directory}/log`
    this.catalogDirectory = `${directory}/catalog`
    this.#release = release
  }

  /** @throws DataFolderError if another process has it, or it is not ours, or another version's. */
  static async open(
    directory: string,
    fileSystem: FileSystem,
    clock: Clock = systemClock,
    logger: Logger = silentLogger,
  ): Promise<DataFolder> {
    try {
      await makeDirectories(fileSystem, directory)
      await checkIsOurs(directory, fileSystem)
      const lock = await fileSystem.lock(`${directory}/lock`)
      if ('heldByPid' in lock)
        throw new DataFolderError(
          `data folder ${directory} is in use by process ${lock.heldByPid}: stop it, or choose another folder`,
        )
      const folder = new DataFolder(directory, fileSystem, lock, clock, logger)
      try {
        await makeDirectories(fileSystem, folder.logDirectory)
        await makeDirectories(fileSystem, folder.catalogDirectory)
        folder.#version = await checkVersion(directory, fileSystem)
      } catch (error) {
        await lock.release()
        throw error
      }
      return folder
    } catch (error) {
      if (error instanceof DataFolderError) throw error
      throw new DataFolderError(
        `data folder ${directory} cannot be used (${(error as Error).message}): give a folder that this user can write to`,
      )
    }
  }

  /** Says, durably, that there may be sealed runs in it. */
  async raiseVersion(): Promise<void> {
    if (this.#version === sealedFormatVersion) return
    this.#raising ??= writeVersion(this.#directory, this.fileSystem, sealedFormatVersion)
    try {
      await this.#raising
      this.#version = sealedFormatVersion
    } finally {
      this.#raising = undefined
    }
  }

  /** Lets another process have it. */
  close(): Promise<void> {
    return this.#release()
  }
}

/** A folder with files but without our version file is somebody else's. */
async function checkIsOurs(directory: string, fileSystem: FileSystem): Promise<void> {
  const names = await fileSystem.list(directory)
  const foreign = names.find((name) => !ownNames.test(name))
  if (foreign !== undefined && !names.includes(versionFile))
    throw new DataFolderError(
      `data folder ${directory} holds ${foreign} but no ${versionFile}: give an empty folder, or one that Millrace made`,
    )
}

const ownNames = /^(millrace\.json(\.new)?|lock(\..*)?|log|catalog|keys|buckets|lost\+found)$/

async function checkVersion(directory: string, fileSystem: FileSystem): Promise<number> {
  const path = `${directory}/${versionFile}`
  let text: string
  try {
    text = new TextDecoder().decode(await readWhole(fileSystem, path))
  } catch (error) {
    if (!isMissing(error)) throw error
    // It is made before anything else is.
    if ((await fileSystem.list(`${directory}/log`)).length > 0)
      throw new DataFolderError(`${path} is missing: restore it, it holds ${contents}`)
    await writeVersion(directory, fileSystem, formatVersion)
    return formatVersion
  }
  const found = versionIn(text)
  if (found === undefined) throw new DataFolderError(`${path} is damaged: restore it, it holds ${contents}`)
  checkVersionIsOurs(path, found)
  return found
}

function writeVersion(directory: string, fileSystem: FileSystem, version: number): Promise<void> {
  const text = `${JSON.stringify({ formatVersion: version })}\n`
  return replaceFile(fileSystem, directory, versionFile, [new TextEncoder().encode(text)])
}

/** @throws DataFolderError if a data folder's version is none that this Millrace writes and reads */
export function checkVersionIsOurs(path: string, found: number): void {
  if (found === formatVersion || found === sealedFormatVersion) return
  const remedy =
    found > sealedFormatVersion ? 'run a newer Millrace on it' : 'run the Millrace that made it, or give another folder'
  throw new DataFolderError(
    `${path} says format version ${found}, and this Millrace knows ${formatVersion} and ${sealedFormatVersion}: ${remedy}`,
  )
}

function versionIn(text: string): number | undefined {
  try {
    const { formatVersion: found } = JSON.parse(text) as { formatVersion: unknown }
    return typeof found === 'number' && Number.isInteger(found) && found > 0 ? found : undefined
  } catch {
    return undefined
  }
}
