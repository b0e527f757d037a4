import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Need } from './access.ts'
import { RoleTableSchemas } from './role-table-schemas.ts'

const place = { accountId: '000000000000', region: 'us-east-1' }
const actor = { roleArn: 'arn:aws:iam::000000000000:role/r', service: 'firehose.amazonaws.com', sessionName: 'd' }
const schema = { versionId: '1', columns: [] }

function tablesFor(mayDo: (need: string) => boolean) {
  const refusal = (_: unknown, needs: readonly Need[]) =>
    needs.map(({ action, resource }) => `${action} ${resource}`).find((need) => !mayDo(need))
  return new RoleTableSchemas({ find: async () => schema }, { mayAssume: () => true, refusal }, actor, place)
}

test('a table is read by who may read it, in each version, its database and its catalog', async () => {
  const asked = new Set<string>()
  const tables = tablesFor((need) => Boolean(asked.add(need)))
  assert.equal(await tables.find({ databaseName: 'Lake', tableName: 'Clicks' }), schema)
  const arn = 'arn:aws:glue:us-east-1:000000000000'
  const resources = [`${arn}:catalog`, `${arn}:database/lake`, `${arn}:table/lake/clicks`]
  const actions = ['glue:GetTable', 'glue:GetTableVersion', 'glue:GetTableVersions']
  assert.deepEqual(asked, new Set(actions.flatMap((action) => resources.map((resource) => `${action} ${resource}`))))
  for (const lacking of asked)
    await assert.rejects(tablesFor((need) => need !== lacking).find({ databaseName: 'lake', tableName: 'clicks' }), {
      code: 'AccessDeniedException',
      message: lacking,
    })
})

test('a catalog of another account is asked for as that', async () => {
  const tables = tablesFor((need) => !need.includes('111122223333'))
  await assert.rejects(tables.find({ catalogId: '111122223333', databaseName: 'd', tableName: 't' }), {
    code: 'AccessDeniedException',
  })
})
