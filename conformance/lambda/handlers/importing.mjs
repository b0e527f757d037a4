export { handler } from './not-there.mjs'
