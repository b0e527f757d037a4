import type { AttributeValue, Item } from './attribute-value.ts'
import type { Path } from './document-path.ts'
import { checkMix } from './parameter-mix.ts'
import { Placeholders } from './placeholders.ts'
import { parseProjection, project } from './projection.ts'

/** Which attributes a read wants, as its input has it. */
export type ProjectionInput = {
  readonly AttributesToGet?: readonly string[] | undefined
  readonly ProjectionExpression?: string | undefined
  readonly ExpressionAttributeNames?: ReadonlyMap<string, string> | undefined
  readonly ExpressionAttributeValues?: ReadonlyMap<string, AttributeValue> | undefined
}

/** For GetItem and its like, which have no other expression. Undefined for all attributes. @throws ValidationException */
export function readItemProjection(input: ProjectionInput): readonly Path[] | undefined {
  checkMix({ AttributesToGet: input.AttributesToGet }, { ProjectionExpression: input.ProjectionExpression }, input)
  const placeholders = new Placeholders(input)
  const paths = readProjection(input, placeholders)
  placeholders.checkUsed()
  return paths
}

/** @throws ValidationException */
export function readProjection(input: ProjectionInput, placeholders: Placeholders): readonly Path[] | undefined {
  if (input.ProjectionExpression !== undefined) return parseProjection(input.ProjectionExpression, placeholders)
  return input.AttributesToGet?.map((name): Path => [name])
}

export const projected = (item: Item, paths: readonly Path[] | undefined): Item => (paths ? project(item, paths) : item)
