import { readOperator } from './conditions/condition.ts'
import { duplicateKeyIn } from './duplicate-keys.ts'
import { failedLegacyParsing, invalidJson, policyTooLarge, syntaxErrors } from './malformed-policy.ts'
import type { PolicyKind } from './policy.ts'
import type { Listed } from './statement.ts'

/*
 * JSON → the elements of a policy, each of its type; what they say is checked later (`document-checks.ts`).
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */

export type PolicyDocument = { readonly version: Version; readonly statements: readonly DocumentStatement[] }

export type Version = '2012-10-17' | '2008-10-17'

export type DocumentStatement = {
  /** e.g. `Statement[0]` */
  readonly place: string
  readonly sid: string | undefined
  readonly effect: 'Allow' | 'Deny'
  readonly actions: Listed<string> | undefined
  readonly resources: Listed<string> | undefined
  readonly principals: Listed<{ readonly type: string; readonly name: string }> | undefined
  readonly conditions: readonly DocumentCondition[]
}

export type DocumentCondition = {
  readonly operator: string
  readonly key: string
  readonly values: readonly string[]
}

/**
 * The characters of a document, white space aside, that AWS takes. Of policies of users, groups and roles the largest: a
 * role's own. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
const policySizeMax: Readonly<Record<PolicyKind, number>> = {
  'identity-based policy': 10_240,
  'resource-based policy': 20_480,
  'role trust policy': 8192,
  'permissions boundary': 6144,
  'session policy': 2048,
  'VPC endpoint policy': 20_480,
}

/** Characters of a document with its white space, before anything else is done with it. */
const textLengthMax = 256 * 1024

/** @throws MalformedPolicy */
export function readDocument(document: unknown, kind: PolicyKind): PolicyDocument {
  const parsed = objectOf(parseDocument(document, policySizeMax[kind]), 'policy')
  only(parsed, new Set(['Version', 'Id', 'Statement']), 'policy')
  const version = parsed.get('Version') ?? '2008-10-17'
  if (version !== '2012-10-17' && version !== '2008-10-17') throw syntaxErrors('Version')
  if (parsed.has('Id') && typeof parsed.get('Id') !== 'string') throw syntaxErrors('Id')
  const statement = parsed.get('Statement')
  const statements = Array.isArray(statement) ? statement : [statement]
  if (statements.length === 0) throw syntaxErrors('Statement')
  return { version, statements: statements.map((read, i) => readStatement(read, `Statement[${i}]`)) }
}

/** Plain data of our own, whatever was given: what has getters or a prototype loses them. */
function parseDocument(document: unknown, sizeMax: number): unknown {
  let text: string
  try {
    text = typeof document === 'string' ? document : (JSON.stringify(document) ?? '')
  } catch {
    throw invalidJson()
  }
  if (text.length > textLengthMax || sizeOf(text) > sizeMax) throw policyTooLarge(sizeMax)
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw invalidJson()
  }
  const twice = duplicateKeyIn(text)
  if (twice !== undefined) throw syntaxErrors(twice)
  return parsed
}

function sizeOf(text: string): number {
  let size = 0
  for (let i = 0; i < text.length; i++) if (!' \t\r\n'.includes(text[i]!)) size++
  return size
}

const statementElements = new Set([
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
])

function readStatement(read: unknown, place: string): DocumentStatement {
  const statement = objectOf(read, place)
  only(statement, statementElements, place)
  const sid = statement.get('Sid')
  if (sid !== undefined && typeof sid !== 'string') throw syntaxErrors(`${place}.Sid`)
  return {
    place,
    sid,
    effect: effectOf(statement.get('Effect'), place),
    actions: listedIn(statement, 'Action', place, stringsOf),
    resources: listedIn(statement, 'Resource', place, stringsOf),
    principals: listedIn(statement, 'Principal', place, principalsOf),
    conditions: statement.has('Condition') ? conditionsOf(statement.get('Condition'), `${place}.Condition`) : [],
  }
}

function effectOf(effect: unknown, place: string): 'Allow' | 'Deny' {
  if (effect === 'Allow' || effect === 'Deny') return effect
  const isNearly = typeof effect === 'string' && ['allow', 'deny'].includes(effect.toLowerCase())
  throw isNearly ? failedLegacyParsing(`${place}.Effect`) : syntaxErrors(`${place}.Effect`)
}

/** An element or its opposite, not both. */
function listedIn<Element>(
  statement: ReadonlyMap<string, unknown>,
  name: string,
  place: string,
  read: (value: unknown, place: string) => readonly Element[],
): Listed<Element> | undefined {
  const opposite = `Not${name}`
  const isNot = statement.has(opposite)
  if (!isNot && !statement.has(name)) return undefined
  if (isNot && statement.has(name)) throw syntaxErrors(`${place}.${opposite}`)
  const found = isNot ? opposite : name
  return { isNot, elements: read(statement.get(found), `${place}.${found}`) }
}

function stringsOf(value: unknown, place: string): readonly string[] {
  const values: unknown[] = Array.isArray(value) ? value : [value]
  for (const one of values) if (typeof one !== 'string') throw syntaxErrors(place)
  return values as string[]
}

function principalsOf(value: unknown, place: string): readonly { type: string; name: string }[] {
  if (value === '*') return [{ type: 'AWS', name: '*' }]
  const byType = objectOf(value, place)
  return [...byType].flatMap(([type, names]) => stringsOf(names, `${place}.${type}`).map((name) => ({ type, name })))
}

function conditionsOf(value: unknown, place: string): DocumentCondition[] {
  const conditions: DocumentCondition[] = []
  for (const [operator, keys] of objectOf(value, place)) {
    const at = `${place}.${operator}`
    const byKey = objectOf(keys, at)
    // AWS takes an operator that it does not know, where it compares nothing.
    if (byKey.size > 0 && !readOperator(operator)) throw syntaxErrors(at)
    for (const [key, values] of byKey) conditions.push({ operator, key, values: valuesOf(values, `${at}.${key}`) })
  }
  return conditions
}

/** Numbers and truth values need no quotes. */
function valuesOf(value: unknown, place: string): readonly string[] {
  const values: unknown[] = Array.isArray(value) ? value : [value]
  return values.map((one) => {
    if (typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean') return String(one)
    throw syntaxErrors(place)
  })
}

function objectOf(value: unknown, place: string): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw syntaxErrors(place)
  return new Map(Object.entries(value))
}

function only(object: ReadonlyMap<string, unknown>, known: ReadonlySet<string>, place: string): void {
  for (const name of object.keys()) if (!known.has(name)) throw syntaxErrors(`${place}.${name}`)
}
