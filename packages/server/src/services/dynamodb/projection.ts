import { type AttributeValue, attributeOf, type Item, type ItemDraft, setAttribute } from './attribute-value.ts'
import { describePath, type Path, readPath } from './document-path.ts'
import { ExpressionReader, type FaultKind } from './expression-reader.ts'
import type { Placeholders } from './placeholders.ts'

const ranking: readonly FaultKind[] = ['reserved', 'placeholder', 'overlap']

/** Reads a ProjectionExpression. @throws ValidationException */
export function parseProjection(text: string, placeholders: Placeholders): Path[] {
  const reader = new ExpressionReader('ProjectionExpression', text, placeholders)
  const paths = [readPath(reader)]
  while (reader.tokens.takeSign(',')) {
    const path = readPath(reader)
    const first = paths.find((other) => overlaps(other, path))
    if (first)
      reader.note(
        'overlap',
        'Two document paths overlap with each other; must remove or rewrite one of these paths; ' +
          `path one: ${describePath(first)}, path two: ${describePath(path)}`,
      )
    paths.push(path)
  }
  reader.end(ranking)
  return paths
}

const overlaps = (a: Path, b: Path) => {
  const [shorter, longer] = a.length <= b.length ? [a, b] : [b, a]
  return shorter.every((step, i) => step === longer[i])
}

/** What an item has at these paths. Of lists, the chosen places close up. */
export function project(item: Item, paths: readonly Path[]): Item {
  const wanted: Branch = new Map()
  for (const path of paths) {
    let branch = wanted
    for (const [i, step] of path.entries()) {
      const isLast = i === path.length - 1
      if (isLast || branch.get(step) === 'all') {
        branch.set(step, 'all')
        break
      }
      const next = branch.get(step) ?? new Map()
      branch.set(step, next)
      branch = next as Branch
    }
  }
  return pickedMap(item, wanted)
}

type Branch = Map<string | number, Branch | 'all'>

function pickedMap(map: Item, branch: Branch): Item {
  const picked: ItemDraft = {}
  for (const [step, rest] of branch) {
    if (typeof step === 'number') continue
    const value = attributeOf(map, step)
    const kept = value && pickedValue(value, rest)
    if (kept) setAttribute(picked, step, kept)
  }
  return picked
}

/** Undefined where nothing of it is chosen. */
function pickedValue(value: AttributeValue, branch: Branch | 'all'): AttributeValue | undefined {
  if (branch === 'all') return value
  if (value.M !== undefined) {
    const picked = pickedMap(value.M, branch)
    return Object.keys(picked).length === 0 ? undefined : { M: picked }
  }
  if (value.L === undefined) return undefined
  const kept = [...branch.entries()]
    .filter(([step]) => typeof step === 'number')
    .sort(([a], [b]) => (a as number) - (b as number))
    .map(([step, rest]) => {
      const member = value.L![step as number]
      return member && pickedValue(member, rest)
    })
    .filter((member) => member !== undefined)
  return kept.length === 0 ? undefined : { L: kept }
}
