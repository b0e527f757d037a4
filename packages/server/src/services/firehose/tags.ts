import { invalidArgument } from '../../core/aws-error.ts'
import { optional, string, structure } from '../../core/shapes.ts'
import type { DeliveryStream } from './delivery-stream.ts'
import { tagsMax } from './limits.ts'

export const tagKey = string({ min: 1, max: 128, pattern: '^(?!aws:)[\\p{L}\\p{Z}\\p{N}_.:\\/=+\\-@%]*$' })
export const tag = structure({
  Key: tagKey,
  Value: optional(string({ min: 0, max: 256, pattern: '^[\\p{L}\\p{Z}\\p{N}_.:\\/=+\\-@%]*$' })),
})

type Tags = DeliveryStream['tags']

/** @throws InvalidArgumentException if a key comes twice */
export function checkTags(tags: Tags): void {
  if (new Set(tags.map(({ Key }) => Key)).size < tags.length)
    throw invalidArgument('Duplicate tag keys are not allowed.')
}

/** In order of key. @throws InvalidArgumentException above `tagsMax` */
export function withTags(now: Tags, added: Tags): Tags {
  const keys = new Set(added.map(({ Key }) => Key))
  const all = [...now.filter(({ Key }) => !keys.has(Key)), ...added]
  if (all.length > tagsMax) throw invalidArgument(`A delivery stream has at most ${tagsMax} tags.`)
  return all.sort((a, b) => (a.Key < b.Key ? -1 : 1))
}
