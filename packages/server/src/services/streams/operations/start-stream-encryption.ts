import { operation } from '../../../core/operation.ts'
import { KeyRefused } from '../../../core/ports/keys.ts'
import { structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { encryptionType, keyId, streamNameOf, streamReference, streamResource } from '../members.ts'
import { changed } from '../stream.ts'
import { admitEncryptionUpdate, onlyKms } from '../stream-encryption.ts'
import { keyRefused, newEncryption } from '../stream-keys.ts'

export const startStreamEncryption = operation({
  name: 'StartStreamEncryption',
  input: structure({ ...streamReference, EncryptionType: encryptionType, KeyId: keyId }),
  resource: streamResource,
  rate: { perSecond: 5, per: 'resource' },
  async handle(context: StreamsContext, input) {
    const { clock, durations, keys, logger, streams } = context
    const name = streamNameOf(context, input)
    const stream = streams.get(name)
    onlyKms(input.EncryptionType)
    admitEncryptionUpdate(context, stream, 'StartStreamEncryption')
    const encryption = await newEncryption(context, stream, input.KeyId).catch((error: unknown) => {
      throw error instanceof KeyRefused ? keyRefused(error, logger) : error
    })
    const update = streams.update(name, (newest) => {
      const encryptionUpdatesMs = admitEncryptionUpdate(context, newest, 'StartStreamEncryption')
      const pending = { kind: 'encrypt' as const, dueAtMs: clock.nowMs() + durations.updateMs, encryption }
      return changed(newest, { encryptionUpdatesMs, status: 'UPDATING', pending })
    })
    await update.catch(async (error: unknown) => {
      await keys.remove(encryption.dataKey)
      throw error
    })
  },
})
