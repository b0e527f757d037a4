import type { ObjectStore } from '../../../../core/ports/objects.ts'
import type { JsonPathsFile } from './copy-options.ts'
import { sqlFailed } from './sql-faults.ts'

/** Members and positions, from the outside to the inside. */
export type JsonPath = readonly (string | number)[]

/** A file of paths is a page of text. */
const fileBytesMax = 1024 * 1024

/** The paths that a file in a bucket has: `{"jsonpaths": ["$['id']", "$.items[0].price"]}`. @throws DeliveryFailed */
export async function jsonPathsOf(objects: ObjectStore, { bucket, key }: JsonPathsFile): Promise<JsonPath[]> {
  const url = `s3://${bucket}/${key}`
  if (!objects.get) throw sqlFailed('MissingS3File', `${url}: these buckets cannot be read`)
  const bytes = await objects.get(bucket, key, fileBytesMax)
  if (!bytes) throw sqlFailed('MissingS3File', `${url} is not there`)
  try {
    return parsedPaths(Buffer.from(bytes).toString())
  } catch (error) {
    throw sqlFailed('IncorrectJsonPathsFile', `${url}: ${(error as Error).message}`)
  }
}

export function parsedPaths(text: string): JsonPath[] {
  const { jsonpaths } = (JSON.parse(text) ?? {}) as { readonly jsonpaths?: unknown }
  if (!Array.isArray(jsonpaths) || jsonpaths.length === 0) throw new Error('it has no list "jsonpaths"')
  return jsonpaths.map(parsedPath)
}

const step = /\.([^.[\]'"\s]+)|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]/y

function parsedPath(path: unknown): JsonPath {
  if (typeof path !== 'string' || path[0] !== '$') throw new Error(`${JSON.stringify(path)} is not a path`)
  const steps: (string | number)[] = []
  step.lastIndex = 1
  while (step.lastIndex < path.length) {
    const [, name, quoted, doubleQuoted, position] = step.exec(path) ?? []
    const member = name ?? (quoted ?? doubleQuoted)?.replace(/\\(.)/g, '$1')
    if (member !== undefined) steps.push(member)
    else if (position !== undefined) steps.push(Number(position))
    else throw new Error(`${path} is not a path`)
  }
  return steps
}

/** What stands there; undefined where there is nothing. */
export function valueAt(document: unknown, path: JsonPath): unknown {
  let value = document
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<string | number, unknown>)[name]
  }
  return value
}
