import { mkdir } from 'node:fs/promises'
import { type Clock, type Logger, type Random, systemClock } from '@millrace/ports'
import type { Place } from './core/arn.ts'
import { lockFile } from './core/process-lock.ts'
import type { MillraceOptions } from './millrace-options.ts'
import { ObjectFolder } from './storage/embedded/object-folder.ts'

type TrailParts = { readonly place: Place; readonly clock: Clock; readonly random: Random; readonly logger: Logger }

/** Who keeps the audit trail, and how it is brought to an end; undefined where nobody asked for one. */
export async function openTrail(
  { trail: text, trailDataEvents: dataEvents = 'none', data, s3Endpoint: endpoint = 'aws' }: MillraceOptions,
  parts: TrailParts,
) {
  if (text === undefined) return undefined
  const { Trail } = await import('./trail/trail.ts')
  const { destinationFrom, inFolder } = await import('./trail/destination.ts')
  const destination = destinationFrom(text)
  if ('bucket' in destination) {
    if (data === undefined) throw new Error('a trail in a bucket needs a data folder, where its records wait')
    const { S3Objects } = await import('./storage/s3/s3-objects.ts')
    const objects = new S3Objects({ endpoint, region: parts.place.region, clock: systemClock })
    const trail = await Trail.open({ ...parts, ...destination, dataEvents, objects, journal: `${data}/trail` })
    return { trail, close: () => trail.close().then(() => objects.close()) }
  }
  const { folder } = destination
  const journal = data === undefined ? `${folder}/.journal` : `${data}/trail`
  await mkdir(journal, { recursive: true, mode: 0o700 })
  const lock = await lockFile(`${journal}/lock`)
  if ('heldByPid' in lock) throw new Error(`${journal} is the journal of process ${lock.heldByPid}`)
  const objects = new ObjectFolder(folder, { random: parts.random })
  const trailParts = { ...parts, dataEvents, objects: inFolder(objects), bucket: '', journal }
  const trail = await Trail.open(trailParts).catch(async (error: unknown) => {
    await lock.release()
    throw error
  })
  return {
    trail,
    async close() {
      await trail.close()
      await objects.close()
      await lock.release()
    },
  }
}
