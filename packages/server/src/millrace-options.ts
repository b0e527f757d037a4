import type { Clock, Logger, Random } from '@millrace/ports'
import type { DoorOptions } from './door-options.ts'
import type { FaultRules } from './gateway/faults.ts'
import type { GatewayLimits } from './gateway/gateway-limits.ts'
import type { IdentityDocument } from './identity/identity-document.ts'
import type { FunctionsOptions } from './services/lambda/functions/function-definition.ts'
import type { StreamsLimits } from './services/streams/limits.ts'
import type { DataSelection } from './trail/data-selection.ts'
/** How a server is started; `config.ts` has the same as flags. */
export type MillraceOptions = DoorOptions & {
  /** TCP port; 0 takes a free one. @default 0 */
  readonly port?: number
  /**
   * Users, keys, roles and policies: the path of a JSON file, or `catalog` for those in the data folder, each read again
   * when it changes; or what would stand in the file (see docs/identity.md). Every request must then be signed and allowed. @default none: any credentials are accepted
   */
  readonly identity?: string | IdentityDocument
  /** Folder that keeps streams and records. Without one, all is kept in memory and gone at the end. */
  readonly data?: string
  /** When a put into a folder is answered: on the disk, or in the operating system's hands. @default 'fsync' */
  readonly durability?: 'fsync' | 'os'
  /** A new file of the log begins when one is this long, in bytes; a folder gives space back by whole files. @default 64 MiB */
  readonly segmentBytesMax?: number
  /** AWS's throughput limits and call rates, none, or AWS's with some replaced. @default 'aws' */
  readonly limits?: 'aws' | 'off' | Partial<StreamsLimits & GatewayLimits>
  /** Makes chosen operations fail, throttle or answer late, by a seeded probability. @default none */
  readonly faults?: FaultRules
  /** Bytes that all items of DynamoDB tables may take, in memory. @default 256 MiB */
  readonly tableBytesMax?: number
  /** Lambda functions: a JSON file, or what would stand in it (see docs/lambda.md). @default none */
  readonly functions?: string | FunctionsOptions
  /** Folder with schemas of tables for Firehose, as DIR/DATABASE/TABLE.json (see docs/glue.md). @default none */
  readonly schemas?: string
  /** Folder whose folders are buckets. @default `buckets` in the data folder; none without one */
  readonly buckets?: string
  /** A service that speaks S3 and has the buckets instead of a folder: its URL, or `aws`. @default none */
  readonly s3Endpoint?: string
  /** Where Firehose may deliver to: as AWS demands, or also by `http://` and to hosts that are not AWS's. @default 'aws' */
  readonly endpoints?: 'aws' | 'any'
  /** Partitions of one delivery stream that may be open at once, 1 to 5000, as AWS raises it on request. @default 500 */
  readonly activePartitions?: number
  /** File of the keyring, whose keys protect what is encrypted. @default `keys/keyring.json` in the data folder */
  readonly keyring?: string
  /** AWS KMS (`aws`), or a service that speaks its protocol: its URL. @default the keyring alone */
  readonly kms?: string
  /** How long a data key is used before its master key is asked for again, in ms. @default 5 s; with `kms` 5 minutes */
  readonly dataKeyAgeMs?: number
  /** Loopback, link-local and private networks that Firehose may deliver to, e.g. `10.0.0.0/8`. @default none */
  readonly privateAddresses?: readonly string[]
  /** Bytes of the disk that records may take which were put into Firehose and wait to be delivered. @default 16 GiB */
  readonly backlogBytesMax?: number
  /** Keep an audit trail as CloudTrail's log files: in a folder, or at `s3://BUCKET/PREFIX` of the service with the buckets. @default none */
  readonly trail?: string
  /** Calls that move data, in the trail too: `all`, or beginnings of resources' ARNs. @default 'none' */
  readonly trailDataEvents?: DataSelection
  /** The region in ARNs. @default 'us-east-1' */
  readonly region?: string
  /** The account in ARNs: twelve digits. @default '000000000000' */
  readonly account?: string
  /** How long CREATING, UPDATING and DELETING last, in milliseconds. @default 50 */
  readonly transitionMs?: number
  /** Where time comes from: a `ManualClock` moves by hand. @default the machine's */
  readonly clock?: Clock
  /** Where chance comes from: ids, keys, nonces. @default the machine's */
  readonly random?: Random
  /** @default none */
  readonly logger?: Logger
}
