import { validationError } from '../../core/aws-error.ts'
import type { RawPlaceholders } from './placeholders.ts'

type Parameters = Readonly<Record<string, unknown>>

/**
 * A call says what it wants by expressions, or by the parameters from before there were expressions, and gives
 * placeholders only for expressions. Each is given with its name; undefined where the call has none.
 * @throws ValidationException
 */
export function checkMix(legacy: Parameters, expressions: Parameters, placeholders: RawPlaceholders): void {
  const older = given(legacy)
  const newer = given(expressions)
  if (older.length > 0 && newer.length > 0)
    throw validationError(
      'Can not use both expression and non-expression parameters in the same request: ' +
        `Non-expression parameters: {${older.join(', ')}} Expression parameters: {${newer.join(', ')}}`,
    )
  if (newer.length > 0) return
  if (placeholders.ExpressionAttributeNames)
    throw validationError('ExpressionAttributeNames can only be specified when using expressions')
  if (placeholders.ExpressionAttributeValues) {
    const names = Object.keys(expressions).filter((name) => name !== 'ProjectionExpression')
    const verb = names.length === 1 ? 'is' : 'are'
    throw validationError(
      `ExpressionAttributeValues can only be specified when using expressions: ${names.join(' and ')} ${verb} null`,
    )
  }
}

const given = (parameters: Parameters) => Object.keys(parameters).filter((name) => parameters[name] !== undefined)
