import { type AttributeType, type AttributeValue, typeOf } from './attribute-value.ts'
import { describePath, type Path, readPath } from './document-path.ts'
import { ExpressionReader, type FaultKind } from './expression-reader.ts'
import type { Placeholders } from './placeholders.ts'
import type { Update, UpdateAction, UpdateOperand } from './update.ts'

/*
 * update  := section { section }
 * section := SET path = value {, path = value} | REMOVE path {, path}
 *          | ADD path :value {, path :value} | DELETE path :value {, path :value}
 * value   := operand [ + operand | - operand ] | ( value )
 * operand := path | :value | if_not_exists ( path , value ) | list_append ( value , value ) | ( operand )
 */

const ranking: readonly FaultKind[] = [
  'reserved',
  'function',
  'section',
  'placeholder',
  'overlap',
  'operands',
  'operand type',
]

const sections = ['SET', 'REMOVE', 'ADD', 'DELETE'] as const
type Section = (typeof sections)[number]

/** Reads an UpdateExpression. @throws ValidationException */
export function parseUpdate(text: string, placeholders: Placeholders): Update {
  const reader = new ExpressionReader('UpdateExpression', text, placeholders)
  const update: UpdateAction[] = []
  const seen = new Set<Section>()
  while (reader.tokens.next.kind !== 'end') {
    const section = sections.find((word) => reader.tokens.takeWord(word))
    if (!section) throw reader.tokens.syntaxError()
    if (seen.has(section))
      reader.note('section', `The "${section}" section can only be used once in an update expression;`)
    seen.add(section)
    do update.push(readAction(reader, section))
    while (reader.tokens.takeSign(','))
  }
  checkOverlaps(
    reader,
    update.map(({ path }) => path),
  )
  reader.end(ranking)
  return update
}

function readAction(reader: ExpressionReader, kind: Section): UpdateAction {
  const path = readPath(reader)
  if (kind === 'REMOVE') return { kind, path }
  if (kind === 'SET') {
    reader.tokens.expectSign('=')
    return { kind, path, operand: readValue(reader) }
  }
  if (reader.tokens.next.kind !== 'value') throw reader.tokens.syntaxError()
  const value = reader.attributeValue(reader.tokens.take().text)
  checkAddend(reader, kind, value)
  return { kind, path, value }
}

function readValue(reader: ExpressionReader): UpdateOperand {
  const left = readOperand(reader)
  const sign = (['+', '-'] as const).find((each) => reader.tokens.takeSign(each))
  if (!sign) return left
  reader.countOperator()
  const right = readOperand(reader)
  for (const operand of [left, right]) checkType(reader, sign, operand, 'N')
  return { kind: sign, left, right }
}

function readOperand(reader: ExpressionReader): UpdateOperand {
  const { tokens } = reader
  if (tokens.takeSign('(')) {
    const operand = tokens.nested(() => readValue(reader))
    tokens.expectSign(')')
    return operand
  }
  if (tokens.next.kind === 'value') return { kind: 'value', value: reader.attributeValue(tokens.take().text) }
  if (!tokens.isFunction()) return { kind: 'path', path: readPath(reader) }
  reader.countOperator()
  const name = tokens.take().text
  tokens.take()
  return functionOperand(
    reader,
    name,
    tokens.nested(() => readList(reader)),
  )
}

function readList(reader: ExpressionReader): UpdateOperand[] {
  const operands = [readValue(reader)]
  while (reader.tokens.takeSign(',')) operands.push(readValue(reader))
  reader.tokens.expectSign(')')
  return operands
}

/** Stands for what could not be made of a faulty call: the fault is noted, and told at the end. */
const nothing: UpdateOperand = { kind: 'value', value: { NULL: true } }

function functionOperand(reader: ExpressionReader, name: string, operands: readonly UpdateOperand[]): UpdateOperand {
  if (name !== 'if_not_exists' && name !== 'list_append') {
    reader.note('function', `Invalid function name; function: ${name}`)
    return nothing
  }
  if (operands.length !== 2) {
    reader.note(
      'operands',
      'Incorrect number of operands for operator or function; ' +
        `operator or function: ${name}, number of operands: ${operands.length}`,
    )
    return nothing
  }
  const [left, right] = operands as [UpdateOperand, UpdateOperand]
  if (name === 'list_append') {
    for (const operand of operands) checkType(reader, name, operand, 'L')
    return { kind: name, left, right }
  }
  if (left.kind === 'path') return { kind: name, path: left.path, otherwise: right }
  reader.note('operand type', `Operator or function requires a document path; operator or function: ${name}`)
  return nothing
}

function checkType(reader: ExpressionReader, name: string, operand: UpdateOperand, wanted: AttributeType): void {
  if (operand.kind === 'value' && operand !== nothing && typeOf(operand.value) !== wanted)
    reader.note(
      'operand type',
      'Incorrect operand type for operator or function; ' +
        `operator or function: ${name}, operand type: ${typeOf(operand.value)}`,
    )
}

const typeWords: Readonly<Record<AttributeType, string>> = {
  S: 'STRING',
  N: 'NUMBER',
  B: 'BINARY',
  NULL: 'NULL',
  BOOL: 'BOOLEAN',
  L: 'LIST',
  M: 'MAP',
  SS: 'STRING_SET',
  NS: 'NUMBER_SET',
  BS: 'BINARY_SET',
}

/** ADD takes numbers and sets, DELETE sets. */
function checkAddend(reader: ExpressionReader, kind: 'ADD' | 'DELETE', value: AttributeValue): void {
  const type = typeOf(value)
  const allowed = ['SS', 'NS', 'BS', ...(kind === 'ADD' ? ['N'] : [])]
  if (!allowed.includes(type))
    reader.note(
      'operand type',
      `Incorrect operand type for operator or function; operator: ${kind}, operand type: ${typeWords[type]}, ` +
        `typeSet: ALLOWED_FOR_${kind}_OPERAND`,
    )
}

/** No two actions may concern the same place, or one a place inside the other's. */
function checkOverlaps(reader: ExpressionReader, paths: readonly Path[]): void {
  for (const [i, second] of paths.entries())
    for (const first of paths.slice(0, i)) {
      const word = overlap(first, second)
      if (!word) continue
      reader.note(
        'overlap',
        `Two document paths ${word} with each other; must remove or rewrite one of these paths; ` +
          `path one: ${describePath(first)}, path two: ${describePath(second)}`,
      )
      return
    }
}

function overlap(a: Path, b: Path): 'overlap' | 'conflict' | undefined {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (typeof a[i] !== typeof b[i]) return 'conflict'
    if (a[i] !== b[i]) return undefined
  }
  return 'overlap'
}
