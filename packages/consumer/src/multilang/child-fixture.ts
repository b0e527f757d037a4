import type { UserRecord } from '@millrace/formats'
import type { Clock, LogLevel } from '@millrace/ports'
import { systemClock } from '@millrace/ports'
import type { Checkpoint } from '../checkpoint.ts'
import type { Checkpointer, Place } from '../checkpointer.ts'
import { LeaseLostError } from '../checkpointer.ts'
import { ChildProcessor } from './child-processor.ts'
import type { ProtocolVersion } from './messages.ts'

/**
 * A child for tests: `script` is a program of JavaScript with `say(object)`, `print(text)`, and `on`, in which a handler for
 * each action may be put; the others answer with their status at once.
 */
const childRunning = (script: string): readonly string[] => [
  process.execPath,
  '-e',
  `const say = (message) => print(JSON.stringify(message) + '\\n')
   const print = (text) => process.stdout.write(text)
   const done = (action) => say({ action: 'status', responseFor: action })
   const on = {}
   ${script}
   require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
     const message = JSON.parse(line)
     const handler = on[message.action]
     if (handler) handler(message)
     else if (message.action !== 'checkpoint') done(message.action)
   })`,
]

/** A processor with such a child, and all that happened to it. */
export function processorWith(
  script: string,
  options: { timeoutMs?: number; clock?: Clock; protocol?: ProtocolVersion; command?: readonly string[] } = {},
) {
  const logged: { level: LogLevel; message: string; facts: Readonly<Record<string, unknown>> | undefined }[] = []
  const failures: unknown[] = []
  let standardError = ''
  const processor = new ChildProcessor('shardId-000000000007', {
    command: options.command ?? childRunning(script),
    clock: options.clock ?? systemClock,
    logger: { log: (level, message, facts) => void logged.push({ level, message, facts }) },
    errorOutput: {
      write(text) {
        standardError += text
      },
    },
    protocol: options.protocol ?? 2,
    timeoutMs: options.timeoutMs,
    shutdownGraceMs: 300,
    onFailure: (_, error) => failures.push(error),
  })
  return { processor, logged, failures, standardError: () => standardError }
}

export const start = {
  shardId: 'shardId-000000000007',
  checkpoint: { sequenceNumber: 'TRIM_HORIZON', subSequenceNumber: 0 },
  pendingCheckpoint: undefined,
  pendingCheckpointState: undefined,
}

export const record = (sequenceNumber: string, text: string): UserRecord => ({
  data: Buffer.from(text),
  partitionKey: 'key',
  explicitHashKey: undefined,
  sequenceNumber,
  subSequenceNumber: 0,
  approximateArrivalTimestamp: new Date(0),
  aggregated: false,
})

/** A checkpointer that keeps what was written; one that lost its lease refuses, one at its shard's end writes that. */
export function checkpointerFor(shardId: string, kind: 'plain' | 'lost' | 'at the end' = 'plain') {
  const written: (Place | undefined)[] = []
  let lastCheckpoint: Checkpoint = start.checkpoint
  const checkpointer: Checkpointer = {
    async checkpoint(place) {
      if (kind === 'lost') throw new LeaseLostError('lost')
      written.push(place as Place | undefined)
      if (kind === 'at the end') lastCheckpoint = { sequenceNumber: 'SHARD_END', subSequenceNumber: 0 }
    },
    async prepareCheckpoint() {
      throw new Error('not of the protocol')
    },
    get lastCheckpoint() {
      return lastCheckpoint
    },
  }
  return { written, input: { shardId, checkpointer } }
}
