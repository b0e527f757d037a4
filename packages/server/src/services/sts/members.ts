import { list, string, structure } from '../../core/shapes.ts'

/* Members of STS's operations, by AWS's model. */

export const arn = string({
  min: 20,
  max: 2048,
  pattern: '[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}]+',
})
export const sessionName = string({ min: 2, max: 64, pattern: '[\\w+=,.@-]*' })
export const externalId = string({ min: 2, max: 1224, pattern: '[\\w+=,.@:\\/-]*' })
export const sessionPolicy = string({ min: 1, max: 2048 })
export const policyArns = list(structure({ arn }), { max: 10 })
export const tagKey = string({ min: 1, max: 128, pattern: '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+' })
export const tags = list(
  structure({ Key: tagKey, Value: string({ max: 256, pattern: '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*' }) }),
  { max: 50 },
)
export const tagKeys = list(tagKey, { max: 50 })
/** Of GetSessionToken and AssumeRole: there are no devices for multi-factor authentication here. */
export const serialNumber = string({ min: 9, max: 256, pattern: '[\\w+=/:,.@-]*' })
export const tokenCode = string({ min: 6, max: 6, pattern: '[\\d]*' })
