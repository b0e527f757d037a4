export { decodeEventFrames, type EventFrame, encodeEventFrame } from './event-stream.ts'
export { hashKeyMax, hashKeyOf, hashKeyOfBytes } from './hash-key.ts'
