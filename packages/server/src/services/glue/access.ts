import type { Need } from '../../core/access.ts'
import { arnOfResource, path, resourceOfArn } from '../../core/needs.ts'
import type { GlueContext } from './context.ts'
import { nameOf } from './table.ts'

/*
 * A call needs its action on the resource and on all above it: on the table, on its database, and on the catalog
 * [docs: Specifying AWS Glue resource ARNs]. Names are as the catalog knows them, in small letters.
 */

type Context = Pick<GlueContext, 'place'>

const needs = ({ place }: Context, action: string, ...resources: (string | undefined)[]): Need[] =>
  resources.map((resource) => ({ action: `glue:${action}`, resource: arnOfResource(place, 'glue', resource) }))

const known = (name: string | undefined) => (name === undefined ? undefined : nameOf(name))

export const databaseResource = (name: string | undefined) => path`database/${known(name)}`

export const tableResource = (databaseName: string | undefined, name: string | undefined) =>
  path`table/${known(databaseName)}/${known(name)}`

/** `databaseName` may be `*`: all of them. */
export const onDatabase = (context: Context, action: string, databaseName: string | undefined): Need[] =>
  needs(context, action, 'catalog', databaseResource(databaseName))

/** Names of tables may be `*`: all of the database. */
export const onTables = (
  context: Context,
  action: string,
  databaseName: string | undefined,
  ...names: readonly (string | undefined)[]
): Need[] => [
  ...onDatabase(context, action, databaseName),
  ...needs(context, action, ...names.map((name) => tableResource(databaseName, name))),
]

export const resourceNamed = ({ ResourceArn }: { readonly ResourceArn: string }, { place }: Context) =>
  resourceOfArn(place, 'glue', ResourceArn)
