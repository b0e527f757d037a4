import { validationError } from '../../core/aws-error.ts'
import { type AttributeValue, soundValue } from './attribute-value.ts'

export type RawPlaceholders = {
  readonly ExpressionAttributeNames?: ReadonlyMap<string, string> | undefined
  readonly ExpressionAttributeValues?: ReadonlyMap<string, AttributeValue> | undefined
}

/**
 * ExpressionAttributeNames and ExpressionAttributeValues of a call, which all its expressions share. Each must be used:
 * `checkUsed` is called when the last expression has been read.
 */
export class Placeholders {
  readonly #names: ReadonlyMap<string, string>
  readonly #values: ReadonlyMap<string, AttributeValue>
  readonly #unusedNames: Set<string>
  readonly #unusedValues: Set<string>

  /** @throws ValidationException */
  constructor({ ExpressionAttributeNames: names, ExpressionAttributeValues: values }: RawPlaceholders) {
    if (names?.size === 0) throw validationError('ExpressionAttributeNames must not be empty')
    if (values?.size === 0) throw validationError('ExpressionAttributeValues must not be empty')
    for (const key of names?.keys() ?? [])
      if (!/^#\w+$/.test(key))
        throw validationError(`ExpressionAttributeNames contains invalid key: Syntax error; key: "${key}"`)
    const sound = new Map<string, AttributeValue>()
    for (const [key, value] of values ?? []) {
      if (!/^:\w+$/.test(key))
        throw validationError(`ExpressionAttributeValues contains invalid key: Syntax error; key: "${key}"`)
      sound.set(key, soundPlaceholder(key, value))
    }
    this.#names = names ?? new Map()
    this.#values = sound
    this.#unusedNames = new Set(this.#names.keys())
    this.#unusedValues = new Set(this.#values.keys())
  }

  name(placeholder: string): string | undefined {
    this.#unusedNames.delete(placeholder)
    return this.#names.get(placeholder)
  }

  value(placeholder: string): AttributeValue | undefined {
    this.#unusedValues.delete(placeholder)
    return this.#values.get(placeholder)
  }

  /** @throws ValidationException naming what no expression used */
  checkUsed(): void {
    for (const [member, unused] of [
      ['Names', this.#unusedNames],
      ['Values', this.#unusedValues],
    ] as const)
      if (unused.size > 0)
        throw validationError(
          `Value provided in ExpressionAttribute${member} unused in expressions: keys: {${[...unused].join(', ')}}`,
        )
  }
}

function soundPlaceholder(key: string, value: AttributeValue): AttributeValue {
  try {
    return soundValue(value)
  } catch (error) {
    throw validationError(
      `ExpressionAttributeValues contains invalid value: ${(error as Error).message} for key ${key}`,
    )
  }
}
