import { resourcePattern } from './arn-pattern.ts'
import { type Condition, compileCondition, readOperator } from './conditions/condition.ts'
import { type DocumentStatement, readDocument } from './document.ts'
import { checkDocument } from './document-checks.ts'
import { compileGlob, unitsOf } from './glob.ts'
import { failedLegacyParsing } from './malformed-policy.ts'
import type { Policy, PolicyKind } from './policy.ts'
import type { Principals } from './principals.ts'
import { readAwsPrincipal } from './principals.ts'
import type { Listed, Statement } from './statement.ts'
import { StatementIndex } from './statement-index.ts'

/**
 * Checks a policy as AWS does and makes it ready to be asked.
 * @param document JSON as text, or what JSON.parse made of it
 * @param name how the place of a decision calls it
 * @throws MalformedPolicy
 */
export function compilePolicy(document: unknown, kind: PolicyKind, name?: string): Policy {
  const read = readDocument(document, kind)
  checkDocument(read, kind)
  const hasVariables = read.version === '2012-10-17'
  const statements = read.statements.map((statement, i) => compileStatement(statement, i, kind, name, hasVariables))
  return { kind, name, statements: new StatementIndex(statements) }
}

function compileStatement(
  read: DocumentStatement,
  number: number,
  kind: PolicyKind,
  policy: string | undefined,
  hasVariables: boolean,
): Statement {
  return {
    place: { kind, policy, statement: read.sid || String(number) },
    effect: read.effect,
    services: servicesOf(read.actions!),
    actions: compileActions(read.actions!),
    resources: read.resources && {
      isNot: read.resources.isNot,
      elements: read.resources.elements.map((element) => resourcePattern(element, hasVariables)),
    },
    principals: read.principals && {
      isNot: read.principals.isNot,
      named: compilePrincipals(read.principals.elements),
    },
    conditions: compileConditions(read, hasVariables),
    document: read,
  }
}

function compileActions({ isNot, elements }: Listed<string>): Statement['actions'] {
  return { isNot, elements: elements.map((action) => compileGlob(unitsOf(action.toLowerCase(), true))) }
}

function servicesOf({ isNot, elements }: Listed<string>): ReadonlySet<string> | undefined {
  if (isNot) return undefined
  const services = new Set<string>()
  for (const action of elements) {
    const service = action.slice(0, Math.max(0, action.indexOf(':'))).toLowerCase()
    if (service === '' || service.includes('*')) return undefined
    services.add(service)
  }
  return services
}

function compilePrincipals(elements: readonly { type: string; name: string }[]): Principals {
  const accountIds = new Set<string>()
  const arns = new Set<string>()
  const services = new Set<string>()
  let isEverybody = false
  for (const { type, name } of elements) {
    if (type === 'Service') services.add(name)
    if (type !== 'AWS') continue
    const read = readAwsPrincipal(name)
    if (read === '*') isEverybody = true
    else if (read && 'arn' in read) arns.add(read.arn)
    else if (read) accountIds.add(read.accountId)
  }
  return { isEverybody, accountIds, arns, services }
}

function compileConditions({ conditions, effect, place }: DocumentStatement, hasVariables: boolean): Condition[] {
  return conditions.map(({ operator, key, values }) => {
    const compiled = compileCondition(operator, readOperator(operator)!, key, values, { hasVariables, effect })
    if (!compiled) throw failedLegacyParsing(`${place}.Condition.${operator}.${key}`)
    return compiled
  })
}
