import { type Clock, type Logger, type Random, systemRandom } from '@millrace/ports'
import { type DataKeys, keysWhenNeeded } from '../data-key.ts'
import type { Storage } from '../storage.ts'
import type { Durability } from './active-segment.ts'
import { DataFolder, DataFolderError } from './data-folder.ts'
import { EmbeddedCatalog, itemsKey } from './embedded-catalog.ts'
import { EmbeddedLog } from './embedded-log.ts'
import { type FileSystem, nodeFileSystem } from './file-system.ts'

export type EmbeddedOptions = {
  readonly directory: string
  /** When an append resolves: once it is on the disk, or in the operating system's hands. */
  readonly durability: Durability
  readonly clock: Clock
  readonly logger: Logger
  /** @default the machine's */
  readonly fileSystem?: FileSystem
  /** A new segment begins when one is this long. Space is given back by whole segments. @default 64 MiB */
  readonly segmentBytesMax?: number
  /**
   * Where the keys of sealed logs are from. Asked for the first time when there is one: what keeps the keys may keep
   * them in this storage's catalog. @default none: such logs take and give nothing
   */
  readonly dataKeys?: () => DataKeys
  /** Where what makes each sealing a different one comes from: never the same numbers twice. @default the machine's */
  readonly random?: Random
}

/** How often is looked for room that can be given back. */
const sweepIntervalMs = 60_000

/** What compaction may read and write each millisecond, together: a part of what any disk does. */
const paceBytesPerMs = 64 * 1024

/** Opens a data folder, or makes one. @throws DataFolderError if it is in use, damaged, or not ours */
export async function openEmbedded(options: EmbeddedOptions): Promise<Storage & { sweep(): Promise<number> }> {
  const { directory, clock, logger, segmentBytesMax = 64 * 1024 * 1024 } = options
  const folder = await DataFolder.open(directory, options.fileSystem ?? nodeFileSystem, clock, logger)
  const { fileSystem } = folder
  let log: EmbeddedLog | undefined
  let catalog: EmbeddedCatalog | undefined
  let items: EmbeddedCatalog
  try {
    await checkLogIsThere(folder, fileSystem)
    log = await EmbeddedLog.open({
      ...options,
      directory: folder.logDirectory,
      fileSystem,
      segmentBytesMax,
      dataKeys: keysWhenNeeded(options.dataKeys),
      random: options.random ?? systemRandom,
      willSeal: () => folder.raiseVersion(),
    })
    await checkCatalogIsThere(folder.catalogDirectory, fileSystem, log.size)
    catalog = await EmbeddedCatalog.open(fileSystem, folder.catalogDirectory, logger)
    items = await openItems(catalog, folder.catalogDirectory, fileSystem, logger)
  } catch (error) {
    await catalog?.close()
    await log?.end()
    await folder.close()
    throw error
  }
  const ending = new AbortController()
  const sweeping = sweepNowAndThen(log, clock, logger, ending.signal)
  let closed: Promise<void> | undefined
  const opened = log
  const ends = [() => opened.end(), () => catalog.close(), () => items.close(), () => folder.close()]
  return {
    log: opened,
    catalog,
    items,
    sweep: () => opened.sweep(),
    close() {
      ending.abort()
      closed ??= sweeping.then(() => endAll(ends))
      return closed
    },
  }
}

/** The logs get their map before the catalog gets its own. @throws DataFolderError */
async function checkLogIsThere({ logDirectory, catalogDirectory }: DataFolder, fileSystem: FileSystem): Promise<void> {
  if (!(await fileSystem.list(catalogDirectory)).includes('catalog.map')) return
  if (!(await fileSystem.list(logDirectory)).includes('logs.map')) throw missing(`${logDirectory}/logs.map`)
}

/** A folder with logs has had a catalog: an empty one in its place would let them go. @throws DataFolderError */
async function checkCatalogIsThere(directory: string, fileSystem: FileSystem, logCount: number): Promise<void> {
  if (logCount > 0 && !(await fileSystem.list(directory)).includes('catalog.map'))
    throw missing(`${directory}/catalog.map`)
}

/** Where no table was ever used there is no file of items; where one was, the catalog knows. @throws DataFolderError */
async function openItems(
  catalog: EmbeddedCatalog,
  directory: string,
  fileSystem: FileSystem,
  logger: Logger,
): Promise<EmbeddedCatalog> {
  const isKnown = () => catalog.get(itemsKey) !== undefined
  if (isKnown() && !(await fileSystem.list(directory)).includes('items.map')) throw missing(`${directory}/items.map`)
  const made = async () => isKnown() || catalog.put(itemsKey, true, 0)
  return EmbeddedCatalog.open(fileSystem, directory, logger, 'items.map', made)
}

const missing = (path: string) => new DataFolderError(`${path} is missing: restore it from a copy of the folder`)

async function sweepNowAndThen(log: EmbeddedLog, clock: Clock, logger: Logger, signal: AbortSignal): Promise<void> {
  for (;;) {
    await clock.sleep(sweepIntervalMs, signal)
    if (signal.aborted) return
    try {
      await log.sweep(paceBytesPerMs, signal)
    } catch (error) {
      logger.log('error', 'room in the log could not be given back', { error: String(error) })
    }
  }
}

/** Does each, also when one before it failed; then tells the first failure. */
async function endAll(steps: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = []
  for (const step of steps) await step().catch((error: unknown) => failures.push(error))
  if (failures.length > 0) throw failures[0]
}
