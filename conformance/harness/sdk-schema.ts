/*
 * The shapes of AWS's model, as the SDK carries them for its own use (what it exports with a dollar sign):
 *
 *   structure   [3, namespace, name, traits, member names, member shapes, how many of the first are required]
 *   list        [1, namespace, name, traits, member shape]
 *   map         [2, namespace, name, traits, key shape, value shape]
 *   simple      [0, namespace, name, traits, number]
 *
 * Where one refers to another it has a number for what is simple, the shape itself, a function that gives it, or [any of
 * these, traits].
 */

/** What an answer has that AWS's model does not know, and what it lacks that the model requires, each by its path. */
export function differencesFromSchema(value: unknown, reference: unknown, path = ''): string[] {
  const shape = shapeOf(reference)
  const [kind, , , , first, second, requiredCount = 0] = typeof shape === 'number' ? [0] : shape
  if (kind === 0) return isObject(value) && !Array.isArray(value) ? [`${path} is a structure`] : []
  if (kind === 1)
    return Array.isArray(value)
      ? value.flatMap((one, i) => differencesFromSchema(one, first, `${path}[${i}]`))
      : [`${path} is no list`]
  if (!isObject(value) || Array.isArray(value)) return [`${path} is no structure`]
  if (kind === 2)
    return Object.entries(value).flatMap(([key, one]) => differencesFromSchema(one, second, `${path}{${key}}`))
  const [names, members] = [first as string[], second as unknown[]]
  const missing = names.slice(0, requiredCount as number).filter((name) => !(name in value))
  return [
    ...missing.map((name) => `${path}.${name} is missing`),
    ...Object.entries(value).flatMap(([name, one]) =>
      names.includes(name)
        ? differencesFromSchema(one, members[names.indexOf(name)], `${path}.${name}`)
        : [`${path}.${name} is unknown`],
    ),
  ]
}

function shapeOf(reference: unknown): number | readonly unknown[] {
  if (typeof reference === 'function') return shapeOf(reference())
  if (Array.isArray(reference) && reference.length === 2) return shapeOf(reference[0])
  return reference as number | readonly unknown[]
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
