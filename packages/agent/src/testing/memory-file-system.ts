import { basename, dirname } from 'node:path'
import type { Clock } from '@millrace/ports'
import type { DirectoryHint, FileStat, FileSystem, OpenFile } from '../files/file-system.ts'

type Node = { inode: number; bytes: Buffer; modifiedMs: number; links: number; opened: number }

/** Files in memory that can be renamed, copied, truncated and taken away, and whose reads can be made to fail. */
export class MemoryFileSystem implements FileSystem {
  /** By the code that `open`, `stat`, `list` or `read` of a path is to fail with. */
  readonly faults = new Map<string, { on: 'open' | 'stat' | 'list' | 'read'; code: string }>()
  /** The most bytes that one read gives. */
  readBytesMax = Number.POSITIVE_INFINITY
  openFiles = 0
  readBytes = 0
  givesHints = false
  /** Called before each call of the agent: what others do to the files just then. */
  beforeCall = () => {}

  readonly #clock: Clock
  readonly #nodes = new Map<string, Node>()
  readonly #watchers = new Map<string, Set<(hint: DirectoryHint) => void>>()
  #nextInode = 1
  readonly #freeInodes: number[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  write(path: string, text: string | Buffer): void {
    const bytes = Buffer.from(text)
    const node = this.#nodes.get(path)
    if (node) Object.assign(node, { bytes, modifiedMs: this.#clock.nowMs() })
    else this.#nodes.set(path, this.#newNode(bytes))
    this.#tell(path, !node)
  }

  append(path: string, text: string | Buffer): void {
    const node = this.#nodes.get(path)
    if (!node) {
      this.write(path, text)
      return
    }
    node.bytes = Buffer.concat([node.bytes, Buffer.from(text)])
    node.modifiedMs = this.#clock.nowMs()
    this.#tell(path, false)
  }

  truncate(path: string): void {
    this.write(path, '')
  }

  rename(from: string, to: string): void {
    const node = this.#nodes.get(from)!
    this.remove(to)
    this.#nodes.delete(from)
    this.#nodes.set(to, node)
    this.#tell(from, true)
    this.#tell(to, true)
  }

  copy(from: string, to: string): void {
    this.write(to, this.#nodes.get(from)!.bytes)
  }

  /** A second name for the same file: a hard link, or a symbolic one, which look alike from here. */
  link(from: string, to: string): void {
    const node = this.#nodes.get(from)!
    node.links++
    this.#nodes.set(to, node)
    this.#tell(to, true)
  }

  remove(path: string): void {
    const node = this.#nodes.get(path)
    if (!node) return
    this.#nodes.delete(path)
    node.links--
    this.#freeIfUnused(node)
    this.#tell(path, true)
  }

  async stat(path: string): Promise<FileStat> {
    this.beforeCall()
    this.#failIf(path, 'stat')
    const node = this.#nodes.get(path)
    if (node) return statOf(node)
    if ([...this.#nodes.keys()].some((name) => name.startsWith(`${path}/`)))
      return { id: `directory ${path}`, sizeBytes: 0, modifiedMs: 0, links: 2, isFile: false }
    throw failure('ENOENT', path)
  }

  async list(path: string) {
    this.beforeCall()
    this.#failIf(path, 'list')
    const found = new Map<string, boolean>()
    for (const name of this.#nodes.keys()) {
      if (!name.startsWith(path === '/' ? '/' : `${path}/`)) continue
      const rest = name.slice(path === '/' ? 1 : path.length + 1)
      const slash = rest.indexOf('/')
      found.set(slash === -1 ? rest : rest.slice(0, slash), slash !== -1)
    }
    if (found.size === 0) throw failure('ENOENT', path)
    return [...found].map(([name, mayBeDirectory]) => ({ name, mayBeDirectory }))
  }

  async open(path: string): Promise<OpenFile> {
    this.beforeCall()
    this.#failIf(path, 'open')
    const node = this.#nodes.get(path)
    if (!node) throw failure('ENOENT', path)
    this.openFiles++
    node.opened++
    return {
      stat: async () => {
        this.beforeCall()
        return statOf(node)
      },
      read: async (into, position) => {
        this.beforeCall()
        this.#failIf(path, 'read')
        const count = node.bytes.subarray(position, position + Math.min(into.length, this.readBytesMax)).copy(into)
        this.readBytes += count
        return count
      },
      close: async () => {
        this.openFiles--
        node.opened--
        this.#freeIfUnused(node)
      },
    }
  }

  watch(path: string, onHint: (hint: DirectoryHint) => void): () => void {
    if (!this.givesHints) throw failure('ENOSPC', path)
    const watchers = this.#watchers.get(path) ?? new Set()
    this.#watchers.set(path, watchers.add(onHint))
    return () => watchers.delete(onHint)
  }

  #newNode(bytes: Buffer): Node {
    // The last inode that became free is used first, as file systems like to do.
    return {
      inode: this.#freeInodes.pop() ?? this.#nextInode++,
      bytes,
      modifiedMs: this.#clock.nowMs(),
      links: 1,
      opened: 0,
    }
  }

  #freeIfUnused({ inode, links, opened }: Node): void {
    if (links === 0 && opened === 0) this.#freeInodes.push(inode)
  }

  #failIf(path: string, on: string): void {
    const fault = this.faults.get(path)
    if (fault?.on === on) throw failure(fault.code, path)
  }

  #tell(path: string, isAboutNames: boolean): void {
    for (const watcher of this.#watchers.get(dirname(path)) ?? []) watcher({ name: basename(path), isAboutNames })
  }
}

const statOf = ({ inode, bytes, modifiedMs, links }: Node): FileStat => ({
  id: `1:${inode}`,
  sizeBytes: bytes.length,
  modifiedMs,
  links,
  isFile: true,
})

const failure = (code: string, path: string) => Object.assign(new Error(`${code}: ${path}`), { code })
