import type { Need } from './access.ts'
import { arn, type Place } from './arn.ts'
import { AwsError } from './aws-error.ts'
import type { TableQuery, TableSchema, TableSchemas } from './ports/tables.ts'
import type { RoleAccess, RoleActor } from './role-access.ts'

/** What AWS's guide has a role be allowed that reads a table: it may be any version of it. */
const actions = ['glue:GetTable', 'glue:GetTableVersion', 'glue:GetTableVersions']

/** Reads tables in the name of a role, which is asked each time. */
export class RoleTableSchemas implements TableSchemas {
  readonly #tables: TableSchemas
  readonly #roles: RoleAccess
  readonly #actor: RoleActor
  readonly #place: Place

  constructor(tables: TableSchemas, roles: RoleAccess, actor: RoleActor, place: Place) {
    this.#tables = tables
    this.#roles = roles
    this.#actor = actor
    this.#place = place
  }

  /** @throws AccessDeniedException also where the role may not */
  async find(table: TableQuery): Promise<TableSchema | undefined> {
    const refusal = this.#roles.refusal(this.#actor, this.#needs(table))
    if (refusal !== undefined) throw new AwsError('AccessDeniedException', refusal)
    return this.#tables.find(table)
  }

  /** On the table and on all above it; the catalog knows names in small letters. */
  #needs({ catalogId = this.#place.accountId, databaseName, tableName }: TableQuery): Need[] {
    const database = databaseName.toLowerCase()
    const resources = ['catalog', `database/${database}`, `table/${database}/${tableName.toLowerCase()}`]
    const place = { ...this.#place, accountId: catalogId }
    return actions.flatMap((action) => resources.map((each) => ({ action, resource: arn(place, 'glue', each) })))
  }
}
