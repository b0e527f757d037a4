import { catalogContract, recordLogContract } from '../contract.ts'
import { sealedLogContract } from '../sealed-contract.ts'
import { openIn, openSealing, temporaryDirectory } from './fixture.ts'

recordLogContract('embedded log', (clock) => openIn(temporaryDirectory(), { clock }))
recordLogContract('embedded log in tiny segments', (clock) =>
  openIn(temporaryDirectory(), { clock, segmentBytesMax: 128 }),
)
recordLogContract('embedded log without sync', (clock) => openIn(temporaryDirectory(), { clock, durability: 'os' }))
catalogContract('embedded catalog', (clock) => openIn(temporaryDirectory(), { clock }))
recordLogContract('embedded log, sealed', (clock) => openSealing(temporaryDirectory(), { clock, segmentBytesMax: 300 }))
sealedLogContract('embedded log', (clock, dataKeys) => openIn(temporaryDirectory(), { clock, dataKeys }))
sealedLogContract('embedded log in tiny segments', (clock, dataKeys) =>
  openIn(temporaryDirectory(), { clock, dataKeys, segmentBytesMax: 128 }),
)
