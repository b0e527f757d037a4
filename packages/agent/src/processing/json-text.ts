import type { JsonFormat } from '../config/processing-config.ts'

/**
 * An object as JSON, its members in their order (which a JavaScript object would not keep for names that are numbers). A
 * later member of the same name replaces the value of the former.
 */
export function jsonText(members: Iterable<readonly [name: string, value: unknown]>, format: JsonFormat): string {
  const byName = new Map(members)
  const isCompact = format === 'COMPACT'
  const parts: string[] = []
  for (const [name, value] of byName) {
    const key = JSON.stringify(name)
    // JSON.stringify has no text for undefined.
    const text = JSON.stringify(value ?? null, null, isCompact ? undefined : 2)
    parts.push(isCompact ? `${key}:${text}` : `  ${key} : ${text.replaceAll('\n', '\n  ')}`)
  }
  return isCompact ? `{${parts.join(',')}}` : `{\n${parts.join(',\n')}\n}`
}
