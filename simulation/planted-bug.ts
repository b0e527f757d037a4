import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/*
 * The simulator is tested as the engine is: mistakes that people make are planted in the engine, one by one, and each
 * must be found. The engine's files stay as they are: what is planted is put into the source while Node loads it.
 */

export type PlantedBug = {
  readonly name: string
  /** In packages/server/src/storage. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly text: string
  readonly replacement: string
}

const storage = join(import.meta.dirname, '../packages/server/src/storage')

/** What happens to the storage's modules that are imported from now on. @throws if the text is not there, once. */
export function plant(bug: PlantedBug): void {
  const url = pathToFileURL(join(storage, bug.file)).href
  const source = withBug(bug)
  registerHooks({
    load: (asked, context, next) => (asked === url ? { ...next(asked, context), source } : next(asked, context)),
  })
}

/** The file's text with the bug in it. */
export function withBug({ name, file, text, replacement }: PlantedBug): string {
  const source = readFileSync(join(storage, file), 'utf8')
  const times = source.split(text).length - 1
  if (times !== 1) throw new Error(`${file} has the text of the bug "${name}" ${times} times: write the bug anew`)
  return source.replace(text, () => replacement)
}

const segmentWriter = 'embedded/segment-writer.ts'
const activeSegment = 'embedded/active-segment.ts'
const durableMap = 'embedded/durable-map.ts'
const fileSystem = 'embedded/file-system.ts'
const embeddedLog = 'embedded/embedded-log.ts'
const sweep = 'embedded/sweep.ts'
const recovery = 'embedded/recovery.ts'
const compaction = 'embedded/compaction.ts'
const segmentFile = 'embedded/segment-file.ts'

const recovered =
  'await replaceFile(fileSystem, directory, segmentName(number), [bytes.subarray(0, scanned.validLength)])'

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: 'put-acknowledged-before-sync',
    file: segmentWriter,
    text: "if (this.#parts.durability === 'fsync') await active.file.dataSync()",
    replacement: '',
  },
  {
    name: 'change-acknowledged-before-sync',
    file: durableMap,
    text: 'await this.#file!.dataSync()',
    replacement: '',
  },
  {
    name: 'no-directory-sync-after-create',
    file: activeSegment,
    text: 'await store.syncDirectory()',
    replacement: '',
  },
  {
    name: 'no-file-sync-before-rename',
    file: fileSystem,
    text: 'await file.append(parts)\n    await file.dataSync()',
    replacement: 'await file.append(parts)',
  },
  {
    name: 'no-directory-sync-after-rename',
    file: fileSystem,
    text: 'await fileSystem.rename(beside, path)\n  await fileSystem.syncDirectory(directory)',
    replacement: 'await fileSystem.rename(beside, path)',
  },
  {
    name: 'names-of-folders-not-durable',
    file: fileSystem,
    text: `await fileSystem.syncDirectory(dirname(above)).catch(ignoreForeign)
  await fileSystem.syncDirectory(above).catch(ignoreForeign)`,
    replacement: '',
  },
  {
    name: 'no-crc-check-of-blocks',
    file: 'embedded/block-format.ts',
    text: 'if (crc32(bytes.subarray(at + 8, at + length)) !== view.getUint32(4, true)) return undefined',
    replacement: '',
  },
  {
    name: 'no-crc-check-of-changes',
    file: durableMap,
    text: 'crc32(bytes.subarray(at + 8, end)) !== view.getUint32(4, true)',
    replacement: 'view.getFloat64(8, true) === 0',
  },
  {
    name: 'segment-header-not-synced',
    file: activeSegment,
    text: 'await file.append([encodeHeader(number, header)])\n      await file.dataSync()',
    replacement: 'await file.append([encodeHeader(number, header)])',
  },
  {
    name: 'previous-valid-not-honoured',
    file: recovery,
    text: 'named === number ? next!.header!.previousValid : undefined',
    replacement: 'undefined as number | undefined',
  },
  {
    name: 'durable-to-lies',
    file: segmentWriter,
    text: 'position, durableTo: size }',
    replacement: 'position, durableTo: position }',
  },
  {
    name: 'offsets-given-again-after-recovery',
    file: embeddedLog,
    text: 'if (!log.closed) log.endsAt(directory.endOffset(i))',
    replacement: '',
  },
  {
    name: 'segment-deleted-before-its-end-is-kept',
    file: sweep,
    text: '!log.deleted && log.keptStart < log.start',
    replacement: 'log.deleted',
  },
  {
    name: 'map-written-in-place',
    file: fileSystem,
    text: 'const beside = `',
    replacement: 'const beside = path // `',
  },
  {
    name: 'times-by-the-wall-clock',
    file: segmentWriter,
    text: 'Math.max(nowMs, log.lastTimestampMs)',
    replacement: 'nowMs',
  },
  {
    name: 'retention-by-the-wall-clock',
    file: 'retention-time.ts',
    text: 'horizonMs -= byMs',
    replacement: '',
  },
  {
    name: 'batch-in-two-blocks',
    file: embeddedLog,
    text: 'return this.#writer.append({ batch, logs: held, ends }, outcomes)',
    replacement: `const half = Math.ceil((ends[0] ?? 0) / 2)
    if (logs.length !== 1 || half === ends[0] || outcomes.error(0)) return this.#writer.append({ batch, logs: held, ends }, outcomes)
    const first = this.#writer.append({ batch, logs: held, ends: Uint32Array.of(half) }, outcomes)
    const { bytes, positions } = batch
    const rest = { bytes: bytes.subarray(positions[half]), positions: positions.slice(half).map((at) => at - positions[half]!) }
    return this.#writer.append({ batch: rest, logs: held, ends: Uint32Array.of(ends[0]! - half) }).then(() => first)`,
  },
  {
    name: 'times-of-a-block-taken-from-its-first-run',
    file: segmentWriter,
    text: 'timestampsMs[run] === timestampsMs[firstRun] &&',
    replacement: '',
  },
  {
    name: 'offsets-of-a-failed-write-not-given-again',
    file: segmentWriter,
    text: 'logs[run]!.takeBack()',
    replacement: '',
  },
  {
    name: 'first-run-of-a-block-served',
    file: 'embedded/segment-reader.ts',
    text: 'head?.runs.find((one) => one.logNumber === log.number && one.firstOffset === firstOffset)',
    replacement: 'head?.runs[0]',
  },
  {
    name: 'second-sync-believed',
    file: segmentWriter,
    text: "if (this.#parts.durability === 'fsync') await active.file.dataSync()",
    replacement: 'await active.file.dataSync().catch(() => active.file.dataSync())',
  },
  {
    name: 'failed-file-written-on',
    file: segmentWriter,
    text: 'await this.#segment.abandon(error)\n        const',
    replacement: 'const',
  },
  {
    name: 'recovered-but-not-synced',
    file: recovery,
    text: recovered,
    replacement: '{}',
  },
  {
    name: 'failed-sync-repeated-by-recovery',
    file: recovery,
    text: recovered,
    replacement: "await fileSystem.open(store.pathOf(number), 'read').then((file) => file.dataSync())",
  },
  {
    name: 'close-not-kept',
    file: embeddedLog,
    text: 'keep an end that is not the last\n    await this.#keep(log)',
    replacement: '',
  },
  {
    name: 'close-does-not-wait-for-appends',
    file: embeddedLog,
    text: 'await this.#keyWaits.settled(log)\n    await this.#writer.settled()',
    replacement: '',
  },
  {
    name: 'trim-not-kept',
    file: embeddedLog,
    text: 'Number.NEGATIVE_INFINITY\n    }\n    await this.#keep(log)',
    replacement: 'Number.NEGATIVE_INFINITY }',
  },
  {
    name: 'failed-trim-believed',
    file: embeddedLog,
    text: 'if (start <= log.keptStart) return',
    replacement: 'if (start <= log.start) return',
  },
  {
    name: 'versions-given-again-after-deletion',
    file: durableMap,
    text: 'const last = frame(this.#version, size, [])',
    replacement: 'parts[1] = frame(0, 0, [])\n    const last = frame(0, size, [])',
  },
  {
    name: 'compacted-segment-renamed-before-its-sync',
    file: compaction,
    text: "if (outcome === 'done') await file.dataSync()",
    replacement: '',
  },
  {
    name: 'compacted-length-not-believed',
    file: recovery,
    text: 'header?.compactedLength || ',
    replacement: '',
  },
  {
    name: 'compaction-leaves-out-a-log',
    file: compaction,
    text: 'if (!log || directory.endOffset(i) <= log.start) continue',
    replacement: 'if (!log || directory.endOffset(i) <= log.start || i > 0) continue',
  },
  {
    name: 'compaction-leaves-out-a-run',
    file: compaction,
    text: 'endOffset > (starts.get(logNumber) ?? endOffset)',
    replacement: 'endOffset > (starts.get(logNumber) ?? 0)',
  },
  {
    name: 'expiry-by-a-log-of-another-retention',
    file: sweep,
    text: 'directory!.endOffset(i) > log.start) return false',
    replacement: 'directory!.endOffset(i) > log.start) return i > 0',
  },
  {
    name: 'close-does-not-wait-for-keys',
    file: embeddedLog,
    text: 'await this.#keyWaits.settled(log)',
    replacement: '',
  },
  {
    name: 'puts-overtake-those-that-wait-for-keys',
    file: 'key-waits.ts',
    text: 'log.keyWait !== passed && log.keyWait ? log.keyWait : ',
    replacement: '',
  },
  {
    name: 'salt-of-a-segment-not-drawn',
    file: activeSegment,
    text: 'random.bytes(saltLength)',
    replacement: 'new Uint8Array(saltLength)',
  },
  {
    name: 'sealed-runs-not-counted',
    file: 'embedded/seal.ts',
    text: '++this.#count',
    replacement: '(this.#count = 1)',
  },
  {
    name: 'seal-of-a-moved-run-left-behind',
    file: 'embedded/block-format.ts',
    text: 'if (seal) moved.set(seal.bytes, sealTo)',
    replacement: '',
  },
  {
    name: 'no-sync-of-what-goes-over-fill',
    file: segmentWriter,
    text: `await this.#segment.fillBehind(end)
    active.isSyncing = true
    if (`,
    replacement: `const lengthens = end > active.filledTo
    await this.#segment.fillBehind(end)
    active.isSyncing = true
    if (lengthens && `,
  },
  {
    name: 'fill-taken-for-a-part-of-the-segment',
    file: segmentFile,
    text: 'isFilled ? last.from : bytes.byteLength',
    replacement: 'bytes.byteLength',
  },
  {
    name: 'entries-that-look-like-fill-cut-off',
    file: segmentFile,
    text: 'const whole = scanTo(bytes, segment, bytes.byteLength)\n  const written = fillBegin(bytes)',
    replacement: 'const written = fillBegin(bytes)\n  const whole = scanTo(bytes, segment, written)',
  },
  {
    name: 'commit-given-back-with-its-fill',
    file: activeSegment,
    text: 'truncate?.(end)',
    replacement: 'truncate?.(active.end)',
  },
]
