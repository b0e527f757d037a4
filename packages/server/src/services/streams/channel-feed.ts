import type { StreamChannel, StreamChannels } from '../../core/ports/channels.ts'
import type { Channel } from './channel.ts'
import { expandKey } from './channel-key-template.ts'
import type { StreamsContext } from './context.ts'
import { streamArnOf } from './members.ts'
import { retentionMsOf } from './stream.ts'

/** What AWS puts behind a key for `!{extension}`. */
export const extensionOf: Readonly<Record<Channel['storage']['compression'], string>> = {
  NONE: '',
  GZIP: '.gz',
  ZSTD: '.zst',
}

type Parts = Pick<StreamsContext, 'channels' | 'place' | 'streams'>

/** The port by which channels are delivered. */
export class ChannelFeed implements StreamChannels {
  readonly #context: Parts

  constructor(context: Parts) {
    this.#context = context
  }

  all(): readonly StreamChannel[] {
    return this.#context.channels.all().map((channel) => this.#deliverable(channel))
  }

  find(id: string): StreamChannel | undefined {
    const channel = this.#context.channels.find(id)
    return channel && this.#deliverable(channel)
  }

  watch(listener: (id: string) => void): () => void {
    return this.#context.channels.watch(listener)
  }

  #deliverable(channel: Channel): StreamChannel {
    const { channels, streams } = this.#context
    const { deadLetters, id, logging, name, status, storage, stream } = channel
    const { keyTemplate, compression } = storage
    const facts = { channelName: name, channelId: id, streamName: stream.name, extension: extensionOf[compression] }
    const source = streams.find(stream.name)
    return {
      ...{ id, name, status, compression, version: channel.version, recordFormat: channel.recordFormat },
      arn: channels.arnOf(channel),
      streamArn: streamArnOf(this.#context, stream),
      streamName: stream.name,
      retentionMs: source ? retentionMsOf(source) : 0,
      startMs: source?.id === stream.id && status !== 'DELETING' ? channel.activeAtMs : undefined,
      freshnessMs: channel.freshnessSeconds * 1000,
      bucketArn: storage.bucketArn,
      storageClass: storage.storageClass,
      kmsKeyId: channel.kmsKeyId,
      objectKey: (oldestMs, unique) => expandKey(keyTemplate, facts, oldestMs, unique),
      deadLetters: { bucketArn: deadLetters.bucketArn, prefix: deadLetters.prefix },
      errorLog: logging.isEnabled ? { logGroup: logging.logGroup, logStream: logging.logStream } : undefined,
    }
  }
}
