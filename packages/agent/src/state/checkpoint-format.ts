import { crc32 } from 'node:zlib'
import type { Checkpoint } from './checkpoint.ts'

/*
 * The state file: lines of text. The first is the header, each other a fact; later ones replace earlier ones.
 *
 *   {"millrace":"agent checkpoints","version":1}
 *   crc32 of what follows, eight hexadecimal digits ␠ JSON ␊
 *
 *   {"flow":F}                                         the flow has been started with this state
 *   {"flow":F,"id":I,"path":P,"offset":N,              a checkpoint
 *    "head":[length,digest],"tail":[length,digest],"atMs":T,"isFinished":B}
 *   {"flow":F,"id":I,"gone":true}                      no longer kept
 *
 * A last line without its end was being written when the process died: it counts for nothing. A line in the middle that
 * does not match its CRC is damage.
 */

export type Fact =
  | { readonly kind: 'flow'; readonly flow: string }
  | { readonly kind: 'checkpoint'; readonly checkpoint: Checkpoint }
  | { readonly kind: 'gone'; readonly flow: string; readonly id: string }

const header = '{"millrace":"agent checkpoints","version":1}\n'

export function encodeFacts(facts: Iterable<Fact>, withHeader: boolean): Buffer {
  let text = withHeader ? header : ''
  for (const fact of facts) {
    const json = JSON.stringify(written(fact))
    text += `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`
  }
  return Buffer.from(text)
}

function written(fact: Fact): unknown {
  if (fact.kind === 'flow') return { flow: fact.flow }
  if (fact.kind === 'gone') return { flow: fact.flow, id: fact.id, gone: true }
  const { head, tail, ...plain } = fact.checkpoint
  return { ...plain, head: [head.length, head.digest], tail: [tail.length, tail.digest] }
}

/** What a state file holds. Not ours: undefined. */
export function decodeFacts(bytes: Buffer): { facts: Fact[]; damagedLines: number } | undefined {
  const text = bytes.toString('utf8')
  if (!text.startsWith(header)) return undefined
  const lines = text.slice(header.length).split('\n')
  lines.pop() // after the last line's end: nothing, or a line that was never finished
  const facts = lines.flatMap((line) => decodeLine(line) ?? [])
  return { facts, damagedLines: lines.length - facts.length }
}

function decodeLine(line: string): Fact | undefined {
  const json = line.slice(9)
  if (line[8] !== ' ' || Number.parseInt(line.slice(0, 8), 16) !== crc32(json)) return undefined
  try {
    const value = JSON.parse(json) as Record<string, unknown>
    const { flow, id } = value
    if (typeof flow !== 'string') return undefined
    if (id === undefined) return { kind: 'flow', flow }
    if (value.gone === true) return { kind: 'gone', flow, id: String(id) }
    const signature = ([length, digest]: readonly [number, string]) => ({ length, digest })
    return {
      kind: 'checkpoint',
      checkpoint: {
        flow,
        id: String(id),
        path: String(value.path),
        offset: Number(value.offset),
        head: signature(value.head as [number, string]),
        tail: signature(value.tail as [number, string]),
        atMs: Number(value.atMs),
        isFinished: value.isFinished === true,
      },
    }
  } catch {
    return undefined
  }
}
