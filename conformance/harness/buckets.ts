import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** Key → text of the objects of a bucket in a server's data folder. */
export function objectsIn(data: string, bucket: string): Map<string, string> {
  const folder = join(data, 'buckets', bucket)
  const files = names(folder).filter((entry) => entry.isFile() && !entry.name.endsWith('.new'))
  return new Map(
    files.map((file) => {
      const path = join(file.parentPath, file.name)
      const bytes = readFileSync(path)
      return [relative(folder, path), (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()]
    }),
  )
}

function names(folder: string) {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
  } catch {
    return [] // nothing was put yet
  }
}
