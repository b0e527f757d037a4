import { catalogContract, recordLogContract } from '../contract.ts'
import { openIn, temporaryDirectory } from './fixture.ts'

recordLogContract('embedded log', (clock) => openIn(temporaryDirectory(), { clock }))
recordLogContract('embedded log in tiny segments', (clock) =>
  openIn(temporaryDirectory(), { clock, segmentBytesMax: 128 }),
)
recordLogContract('embedded log without sync', (clock) => openIn(temporaryDirectory(), { clock, durability: 'os' }))
catalogContract('embedded catalog', (clock) => openIn(temporaryDirectory(), { clock }))
