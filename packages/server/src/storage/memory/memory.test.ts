import { catalogContract, recordLogContract } from '../contract.ts'
import { sealedLogContract } from '../sealed-contract.ts'
import { openMemory } from './open.ts'

recordLogContract('memory log', async (clock) => openMemory({ clock }))
catalogContract('memory catalog', async (clock) => openMemory({ clock }))
sealedLogContract('memory log', async (clock, dataKeys) => openMemory({ clock, dataKeys }))
