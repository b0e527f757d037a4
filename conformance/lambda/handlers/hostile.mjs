/* Functions that do what no function should. */

import { spawn } from 'node:child_process'
import { writeSync } from 'node:fs'

export const throws = async () => {
  throw new RangeError('too far')
}

export const throwsText = async () => {
  throw 'only a text'
}

export const hangs = () => new Promise(() => {})

export const loops = () => {
  for (;;);
}

export const exits = async () => process.exit(3)

export const exitsQuietly = async () => process.exit(0)

export const crashes = async () => process.abort()

export const isKilled = async () => {
  process.kill(process.pid, 'SIGKILL')
  await hangs()
}

export const circular = async () => {
  const answer = {}
  answer.self = answer
  return answer
}

export const huge = async () => 'x'.repeat(6_291_556)

export const eatsHeap = async () => {
  const eaten = []
  for (;;) eaten.push(new Array(1000).fill(eaten.length))
}

export const eatsBuffers = async () => {
  const eaten = []
  for (;;) {
    eaten.push(Buffer.alloc(4 * 1024 * 1024, 1))
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export const floods = async () => {
  for (let i = 0; i < 300; i++) console.log('x'.repeat(9999))
  return 'flooded'
}

export const rejectsBehind = async () => {
  void Promise.reject(new Error('nobody waits for it'))
  await hangs()
}

export const throwsBehind = async () => {
  setImmediate(() => {
    throw new Error('behind its back')
  })
  await hangs()
}

export const leavesChild = async () => {
  const { pid } = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  console.log(`child ${pid}`)
  process.exit(1)
}

/** Says rubbish where the runtime and the server talk to each other. */
export const meddles = async () => {
  writeSync(3, Buffer.from([255, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3]))
  await hangs()
}

/** An answer that is no JSON, in a frame that is right. */
export const answersRubbish = async (_event, { awsRequestId }) => {
  const head = Buffer.from(JSON.stringify({ kind: 'result', requestId: awsRequestId }))
  const lengths = Buffer.alloc(8)
  lengths.writeUInt32BE(head.length, 0)
  lengths.writeUInt32BE(5, 4)
  writeSync(3, Buffer.concat([lengths, head, Buffer.from('{"a":')]))
  await hangs()
}
