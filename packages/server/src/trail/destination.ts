import type { ObjectStore } from '../core/ports/objects.ts'

/** Where an operator wants log files: a folder, or a bucket of a service that speaks S3. */
export type TrailDestination =
  | { readonly folder: string }
  | { readonly bucket: string /** Ends in a slash, or is empty. */; readonly prefix: string }

/** `DIR`, or `s3://BUCKET/PREFIX`. @throws Error with what it must be */
export function destinationFrom(text: string): TrailDestination {
  if (!text.includes('://') && text.trim() !== '') return { folder: text }
  const [, bucket, prefix = ''] = /^s3:\/\/([a-z\d][a-z\d.-]{1,61}[a-z\d])(?:\/(.*))?$/.exec(text) ?? []
  if (bucket === undefined) throw new Error('a folder, or s3://BUCKET/PREFIX')
  return { bucket, prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/` }
}

/** All keys of log files begin with it: in a folder it takes the place of the bucket. */
const rootFolder = 'AWSLogs'

/** A folder of buckets as the one bucket that is the folder itself. */
export const inFolder = (buckets: ObjectStore): Pick<ObjectStore, 'put'> => ({
  put: (_bucket, key, parts, headers, signal) =>
    buckets.put(rootFolder, key.slice(rootFolder.length + 1), parts, headers, signal),
})
