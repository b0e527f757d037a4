/*
 * An object's key as the path of a file. Every key has a path of its own, and none leads out of its bucket. What a file
 * system takes stays as it is; what it does not take is written with a percent sign:
 *
 *   an empty part (`a//b`, a slash at the start or the end)    %!          a/%!/b
 *   `.` and `..`                                               %2E         a/%2E%2E/b
 *   a backslash, a NUL                                         %5C  %00
 *   a part of more than 255 bytes                              cut into folders whose names end in %~
 *   a percent sign before any of these                         %25
 */

/** Longest object key in bytes, as in S3. */
export const keyBytesMax = 1024

/** Longest name of a file in bytes, on the file systems that there are. */
const nameBytesMax = 255

/** The path of a key below its bucket. */
export const pathOf = (key: string): string => key.split('/').map(nameOf).flatMap(cut).join('/')

/** The key of a path below a bucket: what `pathOf` made it of. */
export function keyOf(path: string): string {
  const joined = path.replaceAll('%~/', '').split('/')
  return joined.map((name) => (name === '%!' ? '' : name.replace(/%(00|2E|5C|25)/g, character))).join('/')
}

function nameOf(part: string): string {
  if (part === '') return '%!'
  if (part === '.' || part === '..') return part.replaceAll('.', '%2E')
  return part
    .replace(/%(?=[!~]|00|2E|5C|25)/g, '%25')
    .replaceAll('\\', '%5C')
    .replaceAll('\0', '%00')
}

const character = (_: string, code: string) => String.fromCharCode(Number.parseInt(code, 16))

/** A name that is too long, as several. */
function cut(name: string): string[] {
  if (Buffer.byteLength(name) <= nameBytesMax) return [name]
  const pieces: string[] = []
  let piece = ''
  let bytes = 0
  for (const letter of name) {
    const letterBytes = Buffer.byteLength(letter)
    if (bytes + letterBytes + '%~'.length > nameBytesMax) {
      pieces.push(`${piece}%~`)
      piece = ''
      bytes = 0
    }
    piece += letter
    bytes += letterBytes
  }
  return [...pieces, piece]
}
