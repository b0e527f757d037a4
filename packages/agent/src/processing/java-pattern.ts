import { cpuUsage } from 'node:process'
import { setFlagsFromString } from 'node:v8'
import { createContext, Script } from 'node:vm'
import { translateJavaRegex } from './java-regex.ts'

/** A regular expression of Java's, as agent.json has them, that cannot hold the process up whatever the line is. */
export type Pattern = {
  /** As it was given. */
  readonly source: string
  readonly groupCount: number
  /** The groups, if the whole text matches (Java's `matches`). */
  matchWhole(text: string): readonly (string | undefined)[] | undefined
  /** Whether the text begins with a match (Java's `lookingAt`). */
  matchesStart(text: string): boolean
  /** The parts between matches; empty ones at the end are left out (Java's `split`). */
  split(text: string): string[]
}

/** Longer texts are not matched by a pattern of the user's. */
export const textLengthMax = 65_536

/** As much as a start pattern looks at. */
const startLengthMax = 4096

/** For patterns that only a backtracking engine can match: a line may take so long, and half of it in the processor. */
const guardedMsMax = 50

/** @throws Error with one sentence about what this engine cannot do, or what is wrong */
export function javaPattern(source: string): Pattern {
  enableLinearEngine()
  const { expression, flags } = translateJavaRegex(source)
  let groupCount: number
  try {
    groupCount = new RegExp(`${expression}|`, flags).exec('')!.length - 1
  } catch (error) {
    throw new Error(`is not a regular expression: ${(error as Error).message}`)
  }
  const whole = matcher(flags.includes('m') ? `(?<![^])(?:${expression})(?![^])` : `^(?:${expression})$`, flags)
  const start = matcher(`^(?:${expression})`, flags)
  const separator = matcher(expression, flags)
  return {
    source,
    groupCount,
    matchWhole(text) {
      const found = text.length > textLengthMax ? null : whole(text)
      return found === null ? undefined : found.slice(1)
    },
    matchesStart: (text) => start(text.length > startLengthMax ? text.slice(0, startLengthMax) : text) !== null,
    split: (text) => split(text, separator),
  }
}

type Matcher = (text: string) => RegExpExecArray | null

/**
 * V8 leaves its backtracking engine for a linear one after some thousand steps, where the pattern allows it. Patterns
 * with look-around or back-references do not, and are run with a time limit: a line that takes longer does not match. Where the processor was busy elsewhere for most of that time,
 * the line is not to blame, and is tried again.
 */
function matcher(expression: string, flags: string): Matcher {
  const regex = new RegExp(expression, flags)
  try {
    new RegExp(expression, `${flags}l`)
    return (text) => regex.exec(text)
  } catch {
    return guarded(regex)
  }
}

function guarded(regex: RegExp): Matcher {
  const context = createContext({ regex, text: '' })
  const script = new Script('regex.exec(text)')
  return (text) => {
    context.text = text
    for (;;) {
      const before = cpuUsage()
      try {
        return script.runInContext(context, { timeout: guardedMsMax }) as RegExpExecArray | null
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
        const { user, system } = cpuUsage(before)
        if (user + system > (guardedMsMax / 2) * 1000) return null
      }
    }
  }
}

function split(text: string, separator: Matcher): string[] {
  const parts: string[] = []
  let rest = text
  while (text.length <= textLengthMax) {
    const found = separator(rest)
    if (found === null || found[0] === '') break
    parts.push(rest.slice(0, found.index))
    rest = rest.slice(found.index + found[0].length)
  }
  parts.push(rest)
  while (parts.length > 1 && parts.at(-1) === '') parts.pop()
  return parts
}

let isEnabled = false

function enableLinearEngine(): void {
  if (isEnabled) return
  isEnabled = true
  setFlagsFromString('--enable-experimental-regexp-engine')
  setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks')
  setFlagsFromString('--regexp-backtracks-before-fallback=20000')
}
