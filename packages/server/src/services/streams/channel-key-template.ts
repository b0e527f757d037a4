import { invalidArgument } from '../../core/aws-error.ts'

/*
 * The keys of a channel's objects [docs: "S3 output key template for Amazon S3 delivery"]: text with variables in it,
 *
 *   !{channel-name} !{channel-id} !{stream-name} !{yyyy} !{yy} !{MM} !{dd} !{HH} !{mm} !{extension} !{extension:.literal}
 *
 * times in UTC. Before the extension comes what makes the key unique; where AWS puts that is not known.
 */

export const defaultKeyTemplate =
  'kinesis-channel/!{channel-name}/!{channel-id}/!{yyyy}/!{MM}/!{dd}/!{HH}/' +
  '!{channel-name}-!{channel-id}-!{yyyy}-!{MM}-!{dd}-!{HH}-!{mm}!{extension}'

export type KeyFacts = {
  readonly channelName: string
  readonly channelId: string
  readonly streamName: string
  readonly extension: string
}

/** Of a key without what makes it unique, of which AWS has up to 38. */
const keyCharsMax = 986

const variable = /!\{([^{}:]*)(?::([^{}]*))?\}/g
const plainVariables = ['channel-name', 'channel-id', 'stream-name', 'yyyy', 'yy', 'MM', 'dd', 'HH', 'mm']

/** @throws InvalidArgumentException for a template that breaks one of AWS's rules; the sentences are ours */
export function checkKeyTemplate(template: string, isCompressed: boolean, facts: KeyFacts): void {
  const refuse = (why: string) => invalidArgument(`OutputKeyTemplate ${template} is not valid: ${why}.`)
  const literal = template.replace(variable, '')
  if (/!\{/.test(literal)) throw refuse('each !{ must have a matching }')
  if (/[{}:]/.test(literal)) throw refuse('braces and colons stand in variables only')
  if (template.startsWith('/')) throw refuse('it must not start with a slash')
  if (template.includes('//')) throw refuse('it must not contain consecutive slashes')
  if (template.includes('..') || template.split('/').includes('.')) throw refuse('it must not contain path traversal')
  let extensions = 0
  for (const { 0: whole, 1: name = '', 2: argument, index } of template.matchAll(variable)) {
    if (name !== 'extension') {
      if (!plainVariables.includes(name) || argument !== undefined) throw refuse(`there is no variable ${whole}`)
      continue
    }
    extensions++
    if (argument !== undefined && !/^\.[a-z.]*$/.test(argument))
      throw refuse('an extension starts with a period and has only lowercase letters and periods')
    if (index + whole.length < template.length) throw refuse('the extension must be at the end')
  }
  if (extensions > 1) throw refuse('it has more than one extension')
  if (isCompressed && extensions === 0) throw refuse('with compression it must have !{extension}')
  if (expandKey(template, facts, 0, '').length > keyCharsMax)
    throw refuse(`with its variables expanded it must not exceed ${keyCharsMax} characters`)
}

/** The key of an object whose oldest record came at that time. */
export function expandKey(template: string, facts: KeyFacts, oldestMs: number, unique: string): string {
  const time = new Date(oldestMs).toISOString() // 2026-05-06T07:08:09.000Z
  const values: Readonly<Record<string, string>> = {
    'channel-name': facts.channelName,
    'channel-id': facts.channelId,
    'stream-name': facts.streamName,
    yyyy: time.slice(0, 4),
    yy: time.slice(2, 4),
    MM: time.slice(5, 7),
    dd: time.slice(8, 10),
    HH: time.slice(11, 13),
    mm: time.slice(14, 16),
  }
  const end = template.indexOf('!{extension')
  const stem = (end < 0 ? template : template.slice(0, end)).replace(variable, (whole, name) => values[name] ?? whole)
  const extension = end < 0 ? '' : (/^!\{extension:(.*)\}$/.exec(template.slice(end))?.[1] ?? facts.extension)
  return `${stem}${unique === '' ? '' : `-${unique}`}${extension}`
}
