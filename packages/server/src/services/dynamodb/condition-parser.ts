import { type AttributeType, compare, describeValue, typeOf } from './attribute-value.ts'
import type { Comparator, Condition, Operand } from './condition.ts'
import { describePath, readPath, samePath } from './document-path.ts'
import { ExpressionReader, type FaultKind } from './expression-reader.ts'
import type { Placeholders } from './placeholders.ts'

/*
 * condition  := and { OR and }
 * and        := not { AND not }
 * not        := NOT not | comparison
 * comparison := operand comparator operand | operand BETWEEN operand AND operand
 *             | operand IN ( operand {, operand} ) | function | ( condition )
 * operand    := path | :value | size ( operand ) | ( operand )
 *
 * A parenthesis may open a condition or an operand; what it opened shows when it is closed. So all levels read a `Node`,
 * and those who need one of the two say so.
 */

type FunctionCall = { readonly kind: 'call'; readonly name: string; readonly operands: readonly Node[] }

type Node =
  | { readonly is: 'condition'; readonly condition: Condition; readonly inParentheses?: boolean }
  | { readonly is: 'operand'; readonly operand: Operand; readonly inParentheses?: boolean }

const ranking: readonly FaultKind[] = [
  'parentheses',
  'function',
  'use',
  'reserved',
  'placeholder',
  'operands',
  'distinct',
  'operand type',
]

const comparators: readonly string[] = ['=', '<>', '<', '<=', '>', '>=']
const operandsOfInMax = 100

/** Reads a condition. `parameter` is how AWS calls the expression. @throws ValidationException */
export function parseCondition(parameter: string, text: string, placeholders: Placeholders): Condition {
  const reader = new ExpressionReader(parameter, text, placeholders)
  const condition = asCondition(reader, readOr(reader))
  reader.end(ranking)
  return condition
}

function readOr(reader: ExpressionReader): Node {
  return readChain(reader, 'OR', readAnd)
}

function readAnd(reader: ExpressionReader): Node {
  return readChain(reader, 'AND', readNot)
}

function readChain(reader: ExpressionReader, word: 'AND' | 'OR', readLink: (reader: ExpressionReader) => Node): Node {
  const first = readLink(reader)
  if (!reader.tokens.isWord(word)) return first
  const conditions = [asCondition(reader, first)]
  while (reader.tokens.takeWord(word)) conditions.push(asCondition(reader, readLink(reader)))
  return { is: 'condition', condition: { kind: word === 'AND' ? 'and' : 'or', conditions } }
}

function readNot(reader: ExpressionReader): Node {
  if (!reader.tokens.takeWord('NOT')) return readComparison(reader)
  const condition = reader.tokens.nested(() => asCondition(reader, readNot(reader)))
  return { is: 'condition', condition: { kind: 'not', condition } }
}

function readComparison(reader: ExpressionReader): Node {
  const { tokens } = reader
  const left = readPrimary(reader)
  const { kind, text } = tokens.next
  if (kind === 'sign' && comparators.includes(text)) {
    reader.countOperator()
    const operand = asOperand(reader, left)
    tokens.take()
    const right = asOperand(reader, readPrimary(reader))
    checkDistinct(reader, text, operand, right)
    for (const each of [operand, right]) checkOrdered(reader, text, each)
    return conditionNode({ kind: 'compare', comparator: text as Comparator, left: operand, right })
  }
  if (tokens.isWord('BETWEEN')) {
    reader.countOperator()
    const operand = asOperand(reader, left)
    tokens.take()
    const low = asOperand(reader, readPrimary(reader))
    if (!tokens.takeWord('AND')) throw tokens.syntaxError()
    const high = asOperand(reader, readPrimary(reader))
    checkBounds(reader, low, high)
    return conditionNode({ kind: 'between', operand, low, high })
  }
  if (tokens.isWord('IN')) {
    reader.countOperator()
    const operand = asOperand(reader, left)
    tokens.take()
    tokens.expectSign('(')
    const among = readList(reader).map((node) => asOperand(reader, node))
    if (among.length > operandsOfInMax)
      reader.note(
        'operands',
        `Too many operands for IN operator; maximum: ${operandsOfInMax}, number of operands: ${among.length}`,
      )
    return conditionNode({ kind: 'in', operand, among })
  }
  return left
}

const conditionNode = (condition: Condition): Node => ({ is: 'condition', condition })

function readPrimary(reader: ExpressionReader): Node {
  const { tokens } = reader
  if (tokens.takeSign('(')) {
    const node = tokens.nested(() => readOr(reader))
    tokens.expectSign(')')
    if (node.inParentheses) reader.note('parentheses', 'The expression has redundant parentheses;')
    return { ...node, inParentheses: true }
  }
  if (tokens.isFunction() && !['AND', 'OR', 'NOT', 'IN', 'BETWEEN'].includes(tokens.next.text.toUpperCase())) {
    reader.countOperator()
    const name = tokens.take().text
    tokens.take()
    return functionNode(reader, { kind: 'call', name, operands: tokens.nested(() => readList(reader)) })
  }
  if (tokens.next.kind === 'value')
    return { is: 'operand', operand: { kind: 'value', value: reader.attributeValue(tokens.take().text) } }
  return { is: 'operand', operand: { kind: 'path', path: readPath(reader) } }
}

/** What stands between parentheses, up to the closing one; the opening one has been taken. */
function readList(reader: ExpressionReader): Node[] {
  const nodes = [readOr(reader)]
  while (reader.tokens.takeSign(',')) nodes.push(readOr(reader))
  reader.tokens.expectSign(')')
  return nodes
}

const operandCounts: Readonly<Record<string, number>> = {
  attribute_exists: 1,
  attribute_not_exists: 1,
  attribute_type: 2,
  begins_with: 2,
  contains: 2,
  size: 1,
}

/** Stands for what could not be made of a faulty call: the fault is noted, and told at the end. */
const nothing: Operand = { kind: 'value', value: { NULL: true } }

function functionNode(reader: ExpressionReader, { name, operands: nodes }: FunctionCall): Node {
  const count = Object.hasOwn(operandCounts, name) ? operandCounts[name] : undefined
  const operands = nodes.map((node) => asOperand(reader, node))
  if (count === undefined) reader.note('function', `Invalid function name; function: ${name}`)
  else if (operands.length !== count)
    reader.note(
      'operands',
      'Incorrect number of operands for operator or function; ' +
        `operator or function: ${name}, number of operands: ${operands.length}`,
    )
  if (operands.length !== count) return name === 'size' ? operandNode(nothing) : conditionNode(impossible)
  const [operand, part] = operands as [Operand, Operand]
  switch (name) {
    case 'size':
      checkType(reader, name, operand, ['N', 'BOOL', 'NULL'])
      return operandNode({ kind: 'size', of: operand })
    case 'attribute_type':
      return conditionNode({ kind: name, operand, type: typeNamed(reader, part) })
    case 'begins_with':
      for (const each of operands) checkType(reader, name, each, ['N', 'BOOL', 'NULL', 'SS', 'NS', 'BS', 'L', 'M'])
      checkDistinct(reader, name, operand, part)
      return conditionNode({ kind: name, operand, part })
    case 'contains':
      checkDistinct(reader, name, operand, part)
      return conditionNode({ kind: name, operand, part })
    default:
      if (operand.kind === 'path')
        return conditionNode({ kind: name as 'attribute_exists' | 'attribute_not_exists', path: operand.path })
      reader.note('operand type', `Operator or function requires a document path; operator or function: ${name}`)
      return conditionNode(impossible)
  }
}

const operandNode = (operand: Operand): Node => ({ is: 'operand', operand })
const impossible: Condition = { kind: 'or', conditions: [] }

/** @throws ValidationException where only an operand stands: the next token cannot follow it */
function asCondition(reader: ExpressionReader, node: Node): Condition {
  if (node.is === 'condition') return node.condition
  if (node.operand.kind === 'size' || node.operand === nothing) {
    reader.note('use', 'The function is not allowed to be used this way in an expression; function: size')
    return impossible
  }
  throw reader.tokens.syntaxError()
}

function asOperand(reader: ExpressionReader, node: Node): Operand {
  if (node.is === 'operand') return node.operand
  const { kind } = node.condition
  if (!Object.hasOwn(operandCounts, kind)) throw reader.tokens.syntaxError()
  reader.note('use', `The function is not allowed to be used this way in an expression; function: ${kind}`)
  return nothing
}

function checkDistinct(reader: ExpressionReader, name: string, left: Operand, right: Operand): void {
  if (left.kind === 'path' && right.kind === 'path' && samePath(left.path, right.path))
    reader.note(
      'distinct',
      'The first operand must be distinct from the remaining operands for this operator or function; ' +
        `operator: ${name}, first operand: ${describePath(left.path)}`,
    )
}

function checkType(reader: ExpressionReader, name: string, operand: Operand, refused: readonly AttributeType[]): void {
  if (operand.kind !== 'value') return
  const type = typeOf(operand.value)
  if (refused.includes(type))
    reader.note(
      'operand type',
      `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`,
    )
}

/** Only texts, numbers and bytes have an order. */
function checkOrdered(reader: ExpressionReader, comparator: string, operand: Operand): void {
  if (comparator !== '=' && comparator !== '<>')
    checkType(reader, comparator, operand, ['BOOL', 'NULL', 'SS', 'NS', 'BS', 'L', 'M'])
}

function checkBounds(reader: ExpressionReader, low: Operand, high: Operand): void {
  if (low.kind !== 'value' || high.kind !== 'value') return
  const bounds =
    `lower bound operand: AttributeValue: ${describeValue(low.value)}, ` +
    `upper bound operand: AttributeValue: ${describeValue(high.value)}`
  if (typeOf(low.value) !== typeOf(high.value))
    reader.note('operand type', `The BETWEEN operator requires same data type for lower and upper bounds; ${bounds}`)
  else if ((compare(low.value, high.value) ?? 0) > 0)
    reader.note(
      'operand type',
      `The BETWEEN operator requires upper bound to be greater than or equal to lower bound; ${bounds}`,
    )
}

const typeNames: readonly string[] = ['B', 'NULL', 'SS', 'BOOL', 'L', 'BS', 'N', 'NS', 'S', 'M']

function typeNamed(reader: ExpressionReader, operand: Operand): AttributeType {
  const type = operand.kind === 'value' ? typeOf(operand.value) : '{NS,SS,L,BS,N,M,B,BOOL,NULL,S}'
  const named = operand.kind === 'value' ? operand.value.S : undefined
  if (named === undefined)
    reader.note(
      'operand type',
      `Incorrect operand type for operator or function; operator or function: attribute_type, operand type: ${type}`,
    )
  else if (!typeNames.includes(named))
    reader.note(
      'operand type',
      `Invalid attribute type name found; type: ${named}, valid types: {${typeNames.join(',')}}`,
    )
  return (named ?? 'S') as AttributeType
}
