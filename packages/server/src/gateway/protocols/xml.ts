/** An element around content that is XML already. */
export const element = (name: string, content: string) => `<${name}>${content}</${name}>`

/**
 * A value as the Query protocol writes it: members are elements, a list's items are called `member`, a map's `entry` with
 * `key` and `value`; times are ISO 8601, blobs base64. Undefined members are left out.
 */
export function xmlOf(value: unknown): string {
  if (typeof value === 'string') return escaped(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Date) return isoOf(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  let xml = ''
  if (Array.isArray(value)) for (const item of value) xml += element('member', xmlOf(item))
  else if (value instanceof Map)
    for (const [key, item] of value) xml += element('entry', element('key', xmlOf(key)) + element('value', xmlOf(item)))
  else
    for (const [name, member] of Object.entries(value))
      if (member !== undefined && member !== null) xml += element(name, xmlOf(member))
  return xml
}

/** With a fraction only if there is one: `2026-01-01T00:00:00Z`. */
const isoOf = (date: Date) => date.toISOString().replace('.000Z', 'Z')

/** What would be markup, and what XML 1.0 cannot hold at all, which becomes U+FFFD. */
const escaped = (text: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  text.replace(/[&<>"\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, (sign) => entities.get(sign) ?? '\ufffd')

const entities = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ['\r', '&#xD;'],
])
