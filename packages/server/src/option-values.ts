import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { Limits } from './config.ts'
import { destinationFrom } from './trail/destination.ts'

/* What the texts of options may be: text → value, or a ConfigError that completes the sentence "--port must be …". */

/** What an operator said wrong: one line, exit code 2. */
export class ConfigError extends Error {}

/** Options that node:util's parseArgs did not take, in one line that says what to do. `help` is the command that tells them. */
export function refusedOptions(error: unknown, help: string): string {
  const { code, message } = error as NodeJS.ErrnoException
  const option = /'(?:-\w, )?(--?[^' ]+)/.exec(message)?.[1]
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return `there is no option ${option}. See ${help}`
  if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE')
    return `${option} ${/does not take/.test(message) ? 'takes no value' : 'needs a value'}. See ${help}`
  if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL')
    return `"${/'(.*?)'/.exec(message)?.[1]}" is no option. See ${help}`
  return message.split('\n')[0]!
}

export function integerWithin(min: number, max: number) {
  return (text: string) => {
    const number = Number(text)
    if (!/^\d+$/.test(text) || number < min || number > max)
      throw new ConfigError(`a whole number from ${min} to ${max}`)
    return number
  }
}

export function nonEmpty(what: string) {
  return (text: string) => {
    if (text.trim() === '') throw new ConfigError(what)
    return text
  }
}

export function matching(pattern: RegExp, what: string) {
  return (text: string) => {
    if (!pattern.test(text)) throw new ConfigError(what)
    return text
  }
}

export function oneOf<const V extends string>(...values: V[]) {
  return (text: string) => {
    if (!values.includes(text as V)) throw new ConfigError(values.join(' or '))
    return text as V
  }
}

export function serviceEndpoint(text: string): string | undefined {
  const url = URL.parse(text)
  const isBase = url && /^https?:$/.test(url.protocol) && !url.username && !url.search && !url.hash
  if (text !== 'aws' && !isBase) throw new ConfigError('aws, or an address that begins with http:// or https://')
  return text
}

export function trailDestination(text: string): string | undefined {
  whatItMustBe(destinationFrom)(text)
  return text
}

/** A parser of another room: its errors say what the text must be. */
export function whatItMustBe<T>(parse: (text: string) => T) {
  return (text: string): T => {
    try {
      return parse(text)
    } catch (error) {
      throw new ConfigError((error as Error).message)
    }
  }
}

export function networks(text: string): readonly string[] {
  const all = text.split(',').map((network) => network.trim())
  const isNetwork = (network: string) => /^[\da-f.:]+(\/\d{1,3})?$/i.test(network) && isIP(network.split('/')[0]!) > 0
  if (!all.every(isNetwork)) throw new ConfigError('networks with commas between them, e.g. 10.0.0.0/8,127.0.0.1')
  return all
}

export function onOrOff(text: string): boolean {
  if (['true', '1', 'on'].includes(text)) return true
  if (['false', '0', 'off', ''].includes(text)) return false
  throw new ConfigError('true or false')
}

export function limitsFrom(text: string): Limits {
  return text === 'aws' || text === 'off' ? text : (jsonFile(text, 'aws, off or ') as Limits)
}

export function readableFile(path: string): string | undefined {
  try {
    readFileSync(path)
    return path
  } catch {
    throw new ConfigError('a file that can be read')
  }
}

export function jsonFile(path: string, instead = ''): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    throw new ConfigError(`${instead}a file that can be read`)
  }
  try {
    return JSON.parse(text)
  } catch {
    throw new ConfigError(`${instead}a file that holds JSON`)
  }
}
