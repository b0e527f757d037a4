import { validationError } from '../../core/aws-error.ts'
import type { Path } from './document-path.ts'
import type { Select } from './read-source.ts'

/** Which attributes are wanted is said in one way only. @throws ValidationException */
export function checkSelect(select: Select | undefined, paths: readonly Path[] | undefined, isLegacy: boolean): void {
  if (paths && select !== undefined && select !== 'SPECIFIC_ATTRIBUTES')
    throw validationError(
      isLegacy
        ? `Cannot specify the AttributesToGet when choosing to get ${wordsOf(select)}`
        : `Cannot specify the ProjectionExpression when choosing to get ${select}`,
    )
  if (!paths && select === 'SPECIFIC_ATTRIBUTES')
    throw validationError(
      'Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES',
    )
}

const wordsOf = (select: Select) => (select === 'COUNT' ? 'only the Count' : select)
