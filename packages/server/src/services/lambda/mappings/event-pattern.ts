/*
 * Event patterns, as Lambda's FilterCriteria have them: a tree of names, at whose leaves stands a list of what is allowed.
 *
 *   { "data": { "temperature": [ { "numeric": [ ">", 30, "<=", 50 ] } ], "room": [ "hall", { "prefix": "cellar-" } ] } }
 *
 * All leaves must match; of a leaf's list, one entry. `$or` holds several trees of which one must match.
 */

export type Matcher = (value: unknown) => boolean

/** How deep a pattern may be. */
const depthMax = 32

/** @throws Error for a pattern that is none */
export function compilePattern(text: string): Matcher {
  return compileTree(JSON.parse(text), 0)
}

function compileTree(tree: unknown, depth: number): Matcher {
  if (!isObject(tree) || Object.keys(tree).length === 0 || depth > depthMax) throw invalid()
  const matchers = Object.entries(tree).map(([name, below]) => {
    if (name === '$or') return compileOr(below, depth)
    const matcher = Array.isArray(below) ? compileLeaf(below) : compileTree(below, depth + 1)
    return (value: unknown) => matchesMember(matcher, value, name)
  })
  return (value) => matchers.every((matches) => matches(value))
}

function compileOr(trees: unknown, depth: number): Matcher {
  if (!Array.isArray(trees) || trees.length < 2) throw invalid()
  const matchers = trees.map((tree) => compileTree(tree, depth + 1))
  return (value) => matchers.some((matches) => matches(value))
}

/** A list in the record matches if one of its values does. */
function matchesMember(matches: Matcher, value: unknown, name: string): boolean {
  if (Array.isArray(value)) return value.some((item) => matchesMember(matches, item, name))
  const member = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
  if (Array.isArray(member) && member.length > 0) return member.some((item) => matches(item))
  return matches(member)
}

function compileLeaf(allowed: readonly unknown[]): Matcher {
  if (allowed.length === 0) throw invalid()
  const matchers = allowed.map((one) => (isObject(one) ? compileOperator(one) : compileValue(one)))
  return (value) => matchers.some((matches) => matches(value))
}

function compileValue(wanted: unknown): Matcher {
  if (wanted !== null && !['string', 'number', 'boolean'].includes(typeof wanted)) throw invalid()
  return (value) => value === wanted
}

function compileOperator(operator: Record<string, unknown>): Matcher {
  const [[name, operand] = [], ...more] = Object.entries(operator)
  if (name === undefined || more.length > 0) throw invalid()
  switch (name) {
    case 'exists':
      if (typeof operand !== 'boolean') throw invalid()
      return (value) => (value !== undefined && !isObject(value)) === operand
    case 'anything-but':
      return anythingBut(operand)
    case 'numeric':
      return numeric(operand)
    default:
      return textOperator(name, operand)
  }
}

function textOperator(name: string, operand: unknown): Matcher {
  if (typeof operand !== 'string' || operand === '') throw invalid()
  const small = operand.toLowerCase()
  const tests: Record<string, (text: string) => boolean> = {
    prefix: (text) => text.startsWith(operand),
    suffix: (text) => text.endsWith(operand),
    'equals-ignore-case': (text) => text.toLowerCase() === small,
  }
  if (!Object.hasOwn(tests, name)) throw invalid()
  const matches = tests[name]!
  return (value) => typeof value === 'string' && matches(value)
}

function anythingBut(operand: unknown): Matcher {
  if (isObject(operand)) {
    const matches = compileOperator(operand)
    return (value) => value !== undefined && !matches(value)
  }
  const matches = compileLeaf(Array.isArray(operand) ? operand : [operand])
  return (value) => value !== undefined && !matches(value)
}

/** `["=", 3]`, `[">", 0, "<=", 5]` */
function numeric(operand: unknown): Matcher {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) throw invalid()
  const tests: Matcher[] = []
  for (let i = 0; i < operand.length; i += 2) {
    const [sign, bound] = [operand[i] as unknown, operand[i + 1] as unknown]
    if (typeof sign !== 'string' || !Object.hasOwn(comparisons, sign) || typeof bound !== 'number') throw invalid()
    const compare = comparisons[sign]!
    tests.push((value) => typeof value === 'number' && compare(value, bound))
  }
  return (value) => tests.every((holds) => holds(value))
}

const comparisons: Record<string, (value: number, bound: number) => boolean> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const invalid = () => new Error('Invalid filter pattern definition.')
