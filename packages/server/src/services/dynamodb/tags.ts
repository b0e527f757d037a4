import { validationError } from '../../core/aws-error.ts'
import { list, string, structure } from '../../core/shapes.ts'
import { invalidValue } from './faults.ts'

const tagsMax = 50

export const tagList = list(structure({ Key: string({ min: 1, max: 128 }), Value: string({ min: 0, max: 256 }) }))

type Tag = { readonly Key: string; readonly Value: string }
type Tags = readonly (readonly [key: string, value: string])[]

/** These tags and those, of which the later ones win. @throws ValidationException */
export function withTags(tags: Tags, added: readonly Tag[]): Tags {
  const keys = added.map(({ Key }) => Key)
  const repeated = keys.find((key, i) => keys.indexOf(key) < i)
  if (repeated !== undefined) throw validationError(`Duplicate tag keys: ${repeated}`)
  const reserved = keys.find((key) => key.toLowerCase().startsWith('aws:'))
  if (reserved !== undefined)
    throw validationError(`One or more tag keys begin with the reserved prefix aws:: ${reserved}`)
  const merged = [...new Map([...tags, ...added.map(({ Key, Value }) => [Key, Value] as const)])]
  if (merged.length > tagsMax) throw invalidValue('Too many tags')
  return merged
}

export const tagViews = (tags: Tags) => tags.map(([Key, Value]) => ({ Key, Value }))
