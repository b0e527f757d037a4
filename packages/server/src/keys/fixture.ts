import { ManualClock, silentLogger, systemRandom } from '@millrace/ports'
import { MemoryCatalog } from '../storage/memory/memory-catalog.ts'
import { DataKeyStore } from './data-keys.ts'
import { EmbeddedKeyService } from './embedded-key-service.ts'
import { MemoryKeyring } from './keyring-file.ts'

export const place = { accountId: '000000000000', region: 'us-east-1' }
export const ageMsMax = 1000

/** For unit tests: a keyring and data keys in memory, on a clock that the test moves. */
export function keysFixture() {
  const clock = new ManualClock()
  const keyring = new MemoryKeyring()
  const catalog = new MemoryCatalog()
  const keys = new EmbeddedKeyService({ place, clock, random: systemRandom, keyring })
  const dataKeys = new DataKeyStore({ catalog, clock, logger: silentLogger, keys, ageMsMax })
  return { clock, keyring, catalog, keys, dataKeys }
}
