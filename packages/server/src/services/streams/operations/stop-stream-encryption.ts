import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { StreamsContext } from '../context.ts'
import { encryptionType, keyId, streamNameOf, streamReference, streamResource } from '../members.ts'
import { changed } from '../stream.ts'
import { admitEncryptionUpdate, onlyKms } from '../stream-encryption.ts'

export const stopStreamEncryption = operation({
  name: 'StopStreamEncryption',
  input: structure({ ...streamReference, EncryptionType: encryptionType, KeyId: keyId }),
  resource: streamResource,
  rate: { perSecond: 5, per: 'resource' },
  async handle(context: StreamsContext, input) {
    const { clock, durations, streams } = context
    const name = streamNameOf(context, input)
    streams.get(name)
    onlyKms(input.EncryptionType)
    await streams.update(name, (stream) => {
      const encryptionUpdatesMs = admitEncryptionUpdate(context, stream, 'StopStreamEncryption')
      const pending = { kind: 'encrypt' as const, dueAtMs: clock.nowMs() + durations.updateMs }
      return changed(stream, { encryptionUpdatesMs, status: 'UPDATING', pending })
    })
  },
})
