export { hashKeyMax, hashKeyOf } from './hash-key.ts'
