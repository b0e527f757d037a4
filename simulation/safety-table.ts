import { spawn } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { run } from 'node:test'
import { type Proof, type SafetyRow, safetyRows } from './safety-rows.ts'

/** Of what a failure says, so much is shown: its end, where the command is that shows it again. */
const messageLengthMax = 2000

/** What a test file came to. */
type Outcome = { failed: number; readonly skipped: string[]; readonly lines: string[] }

/**
 * Runs what shows each row, one file after the other, and prints the table. Returns whether all holds. What a machine lacks
 * the tools for (Linux's strace) is told as skipped, with the reason.
 */
export async function showSafety(
  out: NodeJS.WritableStream,
  rows: readonly SafetyRow[] = safetyRows,
  soakMinutes = 10,
): Promise<boolean> {
  const root = join(import.meta.dirname, '..')
  const files = [...new Set(rows.flatMap(({ proofs }) => proofs.map(({ file }) => file)))]
  const outcomes = new Map<string, Outcome>()
  const outcomeOf = (path: string) => {
    const file = path.slice(root.length + 1)
    if (!outcomes.has(file)) outcomes.set(file, { failed: 0, skipped: [], lines: [] })
    return outcomes.get(file)!
  }
  const events = run({ cwd: root, files: files.map((file) => join(root, file)), concurrency: false })
  events.on('test:diagnostic', ({ file, message }) => file && outcomeOf(file).lines.push(message))
  events.on('test:fail', ({ file, name, details }) => {
    if (file) outcomeOf(file).failed++
    const { message } = (details.error.cause ?? details.error) as Error
    out.write(`✖ ${name}\n  ${message?.slice(-messageLengthMax)}\n`)
  })
  events.on('test:pass', ({ file, name, skip }) => {
    if (!file) return
    const { skipped } = outcomeOf(file)
    if (typeof skip === 'string') skipped.push(skip)
    out.write(`✔ ${name}\n`)
  })
  events.resume()
  await new Promise((resolve) => events.on('end', resolve))
  const soak = await soaked(root, soakMinutes, out)
  let holds = soak.exitCode === 0
  out.write('\nWhat was done to the storage, and what came of it\n')
  for (const [i, { tried, must, proofs }] of rows.entries()) {
    const all = proofs.map(({ file }) => outcomes.get(file))
    const isHeld = all.every((outcome) => outcome && outcome.failed === 0)
    const skipped = all.flatMap((outcome) => outcome?.skipped ?? [])
    holds &&= isHeld
    const verdict = !isHeld ? 'DOES NOT HOLD' : skipped.length > 0 ? `not all was run: ${skipped[0]}` : 'holds'
    out.write(`\n${String(i + 1).padStart(2)}  ${tried}\n    must: ${must}: ${verdict}\n`)
    for (const line of linesOf(proofs, outcomes)) out.write(`      ${line}\n`)
  }
  out.write(
    `\n${String(rows.length + 1).padStart(2)}  ${soakMinutes} minutes at 80 % of what the machine can put\n    must: memory and file handles level: `,
  )
  out.write(`${soak.exitCode === 0 ? 'holds' : 'DOES NOT HOLD'}\n`)
  for (const line of soak.lines) out.write(`      ${line}\n`)
  return holds
}

function linesOf(proofs: readonly Proof[], outcomes: ReadonlyMap<string, Outcome>): readonly string[] {
  return proofs.flatMap(({ file, says }) => {
    const { lines = [] } = outcomes.get(file) ?? {}
    if (file.endsWith('planted-bug.test.ts')) return [`${lines.length} planted bugs, each found`]
    return says ? lines.filter((line) => says.test(line)) : lines
  })
}

/** The lines that the soak ends with, behind its samples. */
async function soaked(root: string, minutes: number, out: NodeJS.WritableStream) {
  const soak = spawn(process.execPath, [join(root, 'simulation/process/soak.ts'), '--minutes', `${minutes}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  soak.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
    out.write(text)
  })
  const exitCode = await new Promise<number | null>((resolve) => soak.on('close', resolve))
  const lines = said.trimEnd().split('\n')
  return { exitCode, lines: lines.slice(lines.findIndex((line) => line.startsWith('acknowledged '))) }
}
