import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { systemClock } from '@millrace/ports'
import { AddressRules } from '../../../../outbound/address-rules.ts'
import { OutboundHttp } from '../../../../outbound/outbound-http.ts'
import { redshiftOptions } from './copy-options.ts'
import { connecting, loadFault, stagedOf } from './load-fixture.ts'
import { copyStatement, RedshiftLoader } from './redshift-loader.ts'
import { RedshiftStandIn } from './redshift-stand-in-fixture.ts'
import { connectSql } from './sql-connection.ts'
import { columnNames, tableName } from './sql-name.ts'

const roleArn = 'arn:aws:iam::000000000000:role/copy'

const options = (table: string, columns: string, copyOptions: string) => ({
  ...{ table: tableName(table), columns: columnNames(columns), roleArn, copyOptions: redshiftOptions(copyOptions) },
})

async function fixture(t: TestContext) {
  const objects = new Map([
    ['lake/manifests/object', Buffer.from('{"entries":[{"url":"s3://lake/object","mandatory":true}]}')],
    ['lake/object', Buffer.from('{"id":1}\n{"id":2}\n')],
  ])
  const redshift = await RedshiftStandIn.open((path) => objects.get(path))
  t.after(() => redshift[Symbol.asyncDispose]())
  const loader = (password = redshift.password) =>
    new RedshiftLoader(
      connecting({ port: redshift.port, sslMode: 'prefer' }, password),
      options('sales.Orders', 'id', "json 'auto'"),
    )
  return { loader, objects, redshift }
}

test('a COPY is what the guide shows, with names and texts in quotes and nothing of anybody’s own between', () => {
  assert.equal(
    copyStatement("s3://lake/it's", options('Orders', 'id, "A ""b"""', "JSON 's3://b/p' gzip")),
    `COPY "orders" ("id", "A ""b""") FROM 's3://lake/it''s' CREDENTIALS 'aws_iam_role=${roleArn}' MANIFEST JSON 's3://b/p' GZIP`,
  )
  assert.match(copyStatement('s3://lake/m', options('o', '', '')), /^COPY "o" FROM 's3:\/\/lake\/m' .* MANIFEST$/)
})

test('the objects of the manifest are copied', async (t) => {
  const { loader, redshift } = await fixture(t)
  assert.equal(await loadFault(loader(), stagedOf('')), undefined)
  assert.deepEqual(redshift.rows.get('"sales"."orders"'), [{ id: 1 }, { id: 2 }])
})

test('what Redshift says has Firehose’s code, and a password is in none of it', async (t) => {
  const { loader, objects, redshift } = await fixture(t)
  const wrong = (await loadFault(loader('wrong horse'), stagedOf(''))) ?? ''
  assert.match(wrong, /^Redshift\.AuthenticationFailed: The provided user name and password failed/)
  assert.doesNotMatch(wrong, /horse/)
  const cases: [string, string, RegExp][] = [
    ['42P01', 'Cannot COPY into nonexistent table orders', /^Redshift\.TableNotFound/],
    ['XX000', "Load into table 'orders' failed.  Check 'stl_load_errors' system table", /^Redshift\.DataLoadFailed/],
    ['XX000', 'S3ServiceException:Access Denied,Status 403', /^Redshift\.S3BucketAccessDenied/],
    ['XX000', 'User arn:aws:redshift is not authorized to assume IAM Role', /^Redshift\.AccessDenied/],
    ['XX000', 'Number of jsonpaths and the number of columns should match', /^Redshift\.ColumnMismatch/],
    ['XX000', 'Invalid JSONPath format: it is not an object', /^Redshift\.IncorrectJsonPathsFile/],
    ['XX000', 'must be addressed using the specified endpoint', /^Redshift\.IncorrectOrMissingRegion/],
    ['53100', 'Disk Full', /^Redshift\.DiskFull/],
    ['XX000', 'Disk Full', /^Redshift\.DiskFull/],
    ['42601', 'conflicting or redundant options', /^Redshift\.IncorrectCopyOptions/],
    ['42601', 'syntax error at or near "FOO"', /^Redshift\.SyntaxError/],
    ['25006', 'cannot execute COPY in a read-only transaction', /^Redshift\.ReadOnlyCluster/],
  ]
  for (const [code, message, expected] of cases) {
    redshift.fails = { code, message }
    assert.match((await loadFault(loader(), stagedOf(''))) ?? '', expected, message)
  }
  redshift.fails = undefined
  objects.delete('lake/object')
  assert.match((await loadFault(loader(), stagedOf(''))) ?? '', /^Redshift\.MissingS3File/)
})

test('a database at an address that may not be reached is not reached', async (t) => {
  const { redshift } = await fixture(t)
  const outbound = new OutboundHttp({ clock: systemClock, rules: new AddressRules() })
  t.after(() => outbound.close())
  const { port } = redshift
  const database = { isRedshift: true, host: 'localhost', port, database: 'dev', sslMode: 'disable' } as const
  const parts = { clock: systemClock, outbound, database, username: 'u', password: 'p' }
  const forbidden = new RedshiftLoader((signal) => connectSql(parts, signal), options('orders', '', ''))
  assert.match((await loadFault(forbidden, stagedOf(''))) ?? '', /^Redshift\.ConnectionFailed: .*may not reach/)
  assert.deepEqual(redshift.statements, [])
})
