/*
 * The roofline: what `node:http` itself can do. It reads the bytes of a request, and answers bytes that it was told once.
 *
 *   node benchmarks/bare-server.ts PORT FILE      FILE: JSON of BareAnswer
 */

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'

/** An answer of Millrace to the same request: its headers by name, and its body in base64. */
export type BareAnswer = { readonly headers: Record<string, string>; readonly body: string }

const [port, file] = process.argv.slice(2)
const answer = JSON.parse(readFileSync(file!, 'utf8')) as BareAnswer
const body = Buffer.from(answer.body, 'base64')

createServer((request, response) => {
  request.on('data', () => {})
  request.on('end', () => response.writeHead(200, answer.headers).end(body))
}).listen(Number(port), '127.0.0.1')

process.on('SIGTERM', () => process.exit())
