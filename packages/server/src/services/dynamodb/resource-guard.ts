import type { ResourceGuard } from '../../core/access.ts'
import { arn } from '../../core/arn.ts'
import type { DynamoDbContext } from './context.ts'

/** The tags of tables, which their indexes share. Tables have no policies of their own here. */
export class DynamoDbGuard implements ResourceGuard {
  readonly #tables: DynamoDbContext['tables']
  readonly #prefix: string

  constructor({ place, tables }: Pick<DynamoDbContext, 'place' | 'tables'>) {
    this.#tables = tables
    this.#prefix = arn(place, 'dynamodb', 'table/')
  }

  policyOf(): undefined {
    return undefined
  }

  tagsOf(resourceArn: string): ReadonlyMap<string, string> | undefined {
    if (!resourceArn.startsWith(this.#prefix)) return undefined
    const [name] = resourceArn.slice(this.#prefix.length).split('/', 1)
    const table = this.#tables.find(name!)
    return table && new Map(table.tags)
  }
}
