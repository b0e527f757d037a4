import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/*
 * Debian's strace, as a hand that reaches into the server's calls to the system: it kills at the Nth, makes it fail, or
 * makes it take its time. Its counters are for each thread, so the server runs with a pool of one.
 */

/** Calls that change what is in the data folder, by what they do. */
export const changingCalls = {
  write: ['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2'],
  sync: ['fsync', 'fdatasync', 'sync_file_range', 'msync'],
  rename: ['rename', 'renameat', 'renameat2', 'link', 'linkat'],
  unlink: ['unlink', 'unlinkat'],
  make: ['mkdir', 'mkdirat', 'ftruncate', 'truncate', 'fallocate', 'copy_file_range'],
} as const

const allChangingCalls: readonly string[] = Object.values(changingCalls).flat()

/** These are made to sockets and pipes as well, and must be told apart by the file. */
const needsPath = new Set(['write', 'writev'])

/** strace counts a thread's calls: with one thread in the pool there is one count. */
export const onePoolThread = { UV_THREADPOOL_SIZE: '1' }

export const hasStrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0

/** Kills the process when it is about to make the Nth call of this name to a file in the folder. */
export function killAt(call: string, nth: number, paths: readonly string[]): string[] {
  // The injection of signals does not work with --seccomp-bpf.
  return tracing([...pathFlags(call, paths), '-e', `trace=${call}`, '-e', `inject=${call}:signal=KILL:when=${nth}`])
}

/**
 * Makes calls fail, or late: `inject` is strace's, e.g. `error=EIO:when=3`. What it did is in `output`.
 * See TracedCall.
 */
export function inject(calls: readonly string[], inject: string, output: string): string[] {
  const traced = allChangingCalls.join()
  return tracing(['--seccomp-bpf', '-y', '-e', `trace=${traced}`, '-e', `inject=${calls.join()}:${inject}`], output)
}

/** Makes each call of this name take so much longer. */
export function delay(call: string, delayMs: number): string[] {
  return tracing(['--seccomp-bpf', '-e', `trace=${call}`, '-e', `inject=${call}:delay_enter=${delayMs}ms`])
}

/** Only looks, and writes each call into `output`. */
export function trace(output: string): string[] {
  return tracing(['--seccomp-bpf', '-y', '-e', `trace=${allChangingCalls.join()}`], output)
}

/**
 * The shell's process id is the server's in the end: it becomes strace, and strace (with -D) makes itself a child of the
 * one that it watches. So the server's own lock file can be named beforehand.
 */
function tracing(flags: readonly string[], output = '/dev/null'): string[] {
  const quoted = ['strace', '-D', '-f', '-q', '-o', output, ...flags].map((word) =>
    word.includes('$$') ? `"${word}"` : `'${word}'`,
  )
  return ['sh', '-c', `exec ${quoted.join(' ')} "$@"`, 'sh']
}

function pathFlags(call: string, paths: readonly string[]): string[] {
  return needsPath.has(call) ? paths.flatMap((path) => ['-P', path]) : []
}

export type TracedCall = {
  readonly thread: string
  readonly call: string
  /** The file that it was made to: for a rename the old name. */
  readonly path: string
  readonly isInjected: boolean
  /** Of a write at a place: where in the file. */
  readonly place?: number
  /** If it succeeded: where it ended. */
  readonly endsAt?: number
}

/** The calls in strace's output that were made to files of a folder, in order. */
export function tracedCalls(output: string, folder: string): TracedCall[] {
  const found: TracedCall[] = []
  // Where another thread comes between, a call has two lines: "call(… <unfinished ...>" and "<... call resumed>) = …".
  const lastOfThread = new Map<string, { -readonly [K in keyof TracedCall]: TracedCall[K] }>()
  for (const line of readFileSync(output, 'utf8').split('\n')) {
    const [, thread, call, resumed] = /^(\d+) +(?:(\w+)\(|<\.\.\. (\w+) resumed>)/.exec(line) ?? []
    if (thread === undefined) continue
    if (call !== undefined) {
      lastOfThread.delete(thread)
      const path = line.match(/[<"](\/[^>"]*)[>"]/)?.[1]
      if (!path?.startsWith(folder)) continue
      const place = call.startsWith('pwrite') ? /, (\d+)(?:\) += | <unfinished)[^"]*$/.exec(line)?.[1] : undefined
      const traced = { thread, call, path, isInjected: false, ...(place !== undefined && { place: Number(place) }) }
      found.push(traced)
      lastOfThread.set(thread, traced)
    }
    const last = lastOfThread.get(thread)
    if (!last || (resumed !== undefined && resumed !== last.call)) continue
    if (line.includes('INJECTED')) last.isInjected = true
    const written = / = (\d+)$/.exec(line)?.[1]
    if (last.place !== undefined && written !== undefined) last.endsAt = last.place + Number(written)
  }
  return found
}

/** The files behind calls, so that they can be given to `killAt` in a folder of another name. */
export function pathsIn(calls: readonly TracedCall[], from: string, to: string): string[] {
  const paths = calls.map(({ path }) => path.replace(from, to).replace(/\/lock\.\d+\./, '/lock.$$$$.'))
  return [...new Set(paths)]
}
