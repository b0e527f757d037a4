export { decodeEventFrames, type EventFrame, encodeEventFrame } from './event-stream.ts'
export { hashKeyMax, hashKeyOf } from './hash-key.ts'
