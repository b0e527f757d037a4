import type { Json } from '../../storage/catalog.ts'

/** A channel as the catalog keeps it: one value, changed as a whole. */
export type Channel = {
  /** In its ARN. */
  readonly id: string
  readonly name: string
  readonly createdAtMs: number
  readonly status: 'CREATING' | 'ACTIVE' | 'UPDATING' | 'DELETING'
  /** When CREATING, UPDATING or DELETING is over. */
  readonly dueAtMs?: number
  /** When it became ACTIVE first: records that came before are not delivered. */
  readonly activeAtMs?: number
  /** Rises with each update. */
  readonly version: number
  readonly roleArn: string
  /** The stream that it reads, by its own id and what was told of it. */
  readonly stream: { readonly id: string; readonly name: string; readonly createdAtMs: number }
  readonly recordFormat: 'JSON' | 'STRING' | 'BYTE_ARRAY'
  readonly freshnessSeconds: number
  readonly storage: {
    readonly bucketArn: string
    readonly bucketOwner: string
    readonly keyTemplate: string
    readonly storageClass: 'STANDARD' | 'INTELLIGENT_TIERING' | 'GLACIER_IR'
    readonly compression: 'NONE' | 'GZIP' | 'ZSTD'
  }
  readonly deadLetters: { readonly bucketArn: string; readonly bucketOwner: string; readonly prefix: string }
  readonly kmsKeyId?: string | undefined
  readonly logging: { readonly isEnabled: boolean; readonly logGroup: string; readonly logStream: string }
  readonly tags: ReadonlyMap<string, string>
}

export const encodeChannel = ({ tags, ...channel }: Channel): Json =>
  JSON.parse(JSON.stringify({ ...channel, tags: [...tags] })) as Json

export function decodeChannel(value: Json): Channel {
  const stored = value as unknown as Omit<Channel, 'tags'> & { readonly tags: [string, string][] }
  return { ...stored, tags: new Map(stored.tags) }
}
