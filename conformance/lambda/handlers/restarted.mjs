/*
 * Functions of a server that is killed: they append what they get to the file SEEN, one line of JSON for a batch, before
 * they do anything else.
 */

import { appendFileSync } from 'node:fs'

const textsOf = ({ Records }) => Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString())

const seen = (line) => appendFileSync(process.env.SEEN, `${JSON.stringify({ pid: process.pid, ...line })}\n`)

export const slow = async (event) => {
  seen({ texts: textsOf(event) })
  await new Promise((resolve) => setTimeout(resolve, 20))
}

export const looping = (event) => {
  seen({ loops: textsOf(event) })
  for (;;);
}
