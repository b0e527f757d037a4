export { decodeEventFrames, type EventFrame, encodeEventFrame } from './event-stream.ts'
export { hashKeyMax, hashKeyOf, hashKeyOfBytes, hashKeyStart } from './hash-key.ts'
