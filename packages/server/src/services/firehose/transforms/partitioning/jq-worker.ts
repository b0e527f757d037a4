/*
 * The program of a thread that runs one jq query (jq itself, as WebAssembly) on records. It hears nobody while it computes:
 * whoever started it ends it when that takes too long. When jq breaks, or needs more memory than it may have, it ends itself.
 */

import { parentPort, workerData } from 'node:worker_threads'
import { loadJq } from 'jq-wasm'
import { isObject } from '../../../../core/shapes.ts'
import { keysIn, type QueryResult } from './query-result.ts'

export type JqWorkerData = { readonly query: string; readonly memoryBytesMax: number }

/** Records one behind the other, and where each ends. */
export type JqQuestion = { readonly bytes: Uint8Array; readonly ends: readonly number[] }

/** First of all whether the query is one, then an answer to each question. */
export type JqMessage = { readonly queryFault: string | undefined } | { readonly results: readonly QueryResult[] }

const { memoryBytesMax, query } = workerData as JqWorkerData
boundMemory(memoryBytesMax)
const jq = await loadJq()
/** A comment at the query's end ends before the bracket. */
const program = `map(try {v: [${query}\n]} catch {e: .})`

parentPort!.on('message', ({ bytes, ends }: JqQuestion) => {
  const texts: string[] = []
  let start = 0
  for (const end of ends) {
    texts.push(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString())
    start = end
  }
  answer({ results: resultsOf(texts) })
})
const { exitCode, stderr } = jq.raw('null', `empty | [${query}\n]`)
answer({ queryFault: exitCode === 0 ? undefined : errorOf(stderr) })

function answer(message: JqMessage): void {
  parentPort!.postMessage(message)
}

/** All records in one run: a run of its own costs each of them a hundred times as much. */
function resultsOf(texts: readonly string[]): QueryResult[] {
  const isRecord = texts.map(isJson)
  const found = ran(texts.filter((_, i) => isRecord[i]))
  let next = 0
  return isRecord.map((isOne) => (isOne ? found[next++]! : { fault: 'Non JSON record provided' }))
}

function ran(texts: readonly string[]): readonly QueryResult[] {
  if (texts.length === 0) return []
  const { exitCode, stderr, stdout } = jq.raw(`[${texts.join(',')}]`, program, ['-c'])
  const outcomes: unknown = exitCode === 0 && isJson(stdout) ? JSON.parse(stdout) : undefined
  if (Array.isArray(outcomes) && outcomes.length === texts.length) return outcomes.map(resultOf)
  // One of them ends the whole run (`halt`), or jq cannot read it: the others are none the worse for it.
  if (texts.length > 1) return texts.flatMap((text) => ran([text]))
  return [{ fault: errorOf(stderr) }]
}

/** `{v: outputs}` or `{e: error}` of a record. */
function resultOf(outcome: { readonly v?: readonly unknown[]; readonly e?: unknown }): QueryResult {
  if (!outcome.v) return { fault: typeof outcome.e === 'string' ? outcome.e : JSON.stringify(outcome.e) }
  const [made] = outcome.v
  if (outcome.v.length !== 1 || !isObject(made) || Array.isArray(made))
    return { fault: 'The query must make exactly one object of a record' }
  return keysIn(made)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** What jq says, without where it says so: the query is in the middle of ours. */
function errorOf(stderr: string): string {
  const [line = ''] = stderr.split('\n')
  return (
    line.replace(/^jq: (parse )?error( \(at [^)]*\))?: /, '').replace(/ at <top-level>.*$/s, '') || 'The query ended'
  )
}

/** WebAssembly grows as it likes: what would be too much is refused, jq breaks by that, and this thread ends. */
function boundMemory(bytesMax: number): void {
  const pageBytes = 65_536
  const memory = WebAssembly.Memory.prototype
  const { grow } = memory
  memory.grow = function (pages) {
    if (this.buffer.byteLength + pages * pageBytes > bytesMax) throw new RangeError(`more than ${bytesMax} bytes`)
    return grow.call(this, pages)
  }
}

/** As much of it as is used here: its types come with those of browsers. */
declare const WebAssembly: { readonly Memory: { readonly prototype: WasmMemory } }
type WasmMemory = { readonly buffer: ArrayBuffer; grow: (this: WasmMemory, pages: number) => number }
