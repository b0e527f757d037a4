import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  BatchDeleteTableCommand,
  BatchDeleteTableVersionCommand,
  CreateDatabaseCommand,
  CreateTableCommand,
  DeleteDatabaseCommand,
  DeleteTableCommand,
  DeleteTableVersionCommand,
  GetDatabaseCommand,
  GetDatabasesCommand,
  GetPartitionCommand,
  GetPartitionIndexesCommand,
  GetPartitionsCommand,
  GetTableCommand,
  GetTablesCommand,
  GetTableVersionCommand,
  GetTableVersionsCommand,
  GetTagsCommand,
  GlueClient,
  UpdateDatabaseCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-glue'
import { type Millrace, startMillrace } from '../packages/server/src/main.ts'
import { connectionTo } from './harness/connection.ts'

/* The calls of AWS Glue that people make whose Firehose converts records, by AWS's client. */

let server: Millrace
let glue: GlueClient
let schemas: string

before(async () => {
  schemas = await mkdtemp(join(tmpdir(), 'millrace-schemas-'))
  server = await startMillrace({ schemas })
  glue = new GlueClient({
    ...connectionTo(server),
  })
})
after(async () => {
  glue.destroy()
  await server.stop()
  await rm(schemas, { recursive: true })
})

const columns = [
  { Name: 'id', Type: 'bigint' },
  { Name: 'tags', Type: 'array<string>', Comment: 'free words' },
]
const tableInput = (Name: string, more: object = {}) => ({ Name, StorageDescriptor: { Columns: columns }, ...more })

const fault = (name: string, message: string | RegExp) => (error: Error) => {
  assert.equal(error.name, name)
  if (typeof message === 'string') assert.equal(error.message, message)
  else assert.match(error.message, message)
  return true
}

describe('databases', () => {
  test('a database is made, told, changed and deleted, by its name in small letters', async () => {
    await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'Lake', Parameters: { a: '1' } } }))
    const { Database } = await glue.send(new GetDatabaseCommand({ Name: 'LAKE' }))
    assert.equal(Database?.Name, 'lake')
    assert.deepEqual(Database?.Parameters, { a: '1' })
    assert.equal(Database?.CatalogId, '000000000000')
    assert.ok(Database?.CreateTime instanceof Date)
    await glue.send(new UpdateDatabaseCommand({ Name: 'lake', DatabaseInput: { Name: 'lake', Description: 'deep' } }))
    const { DatabaseList } = await glue.send(new GetDatabasesCommand({}))
    assert.equal(DatabaseList?.find(({ Name }) => Name === 'lake')?.Description, 'deep')
    await glue.send(new DeleteDatabaseCommand({ Name: 'lake' }))
    const gone = glue.send(new GetDatabaseCommand({ Name: 'lake' }))
    await assert.rejects(gone, fault('EntityNotFoundException', 'Database lake not found.'))
  })

  test('a database that is there is not made again, and one that is not there is told', async () => {
    await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'twice' } }))
    const again = glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'TWICE' } }))
    await assert.rejects(again, fault('AlreadyExistsException', 'Database already exists.'))
    for (const command of [
      new UpdateDatabaseCommand({ Name: 'none', DatabaseInput: { Name: 'none' } }),
      new DeleteDatabaseCommand({ Name: 'none' }),
      new GetTablesCommand({ DatabaseName: 'none' }),
      new CreateTableCommand({ DatabaseName: 'none', TableInput: tableInput('t') }),
      new GetTableCommand({ DatabaseName: 'none', Name: 't' }),
    ])
      await assert.rejects(
        glue.send(command as GetTableCommand),
        fault('EntityNotFoundException', 'Database none not found.'),
      )
  })

  test('the catalog of another account is not there', async () => {
    const other = glue.send(new GetDatabasesCommand({ CatalogId: '999999999999' }))
    await assert.rejects(other, fault('EntityNotFoundException', /Catalog 999999999999 not found/))
  })

  test('databases come in pages', async () => {
    for (const Name of ['page1', 'page2', 'page3'])
      await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name } }))
    const names: string[] = []
    let NextToken: string | undefined
    do {
      const page = await glue.send(new GetDatabasesCommand({ MaxResults: 2, NextToken }))
      assert.ok(page.DatabaseList!.length <= 2)
      names.push(...page.DatabaseList!.map(({ Name }) => Name!))
      NextToken = page.NextToken
    } while (NextToken)
    assert.deepEqual(names, [...new Set(names)].sort())
    assert.ok(names.includes('page1') && names.includes('page3'))
    const wrong = glue.send(new GetDatabasesCommand({ NextToken: 'x' }))
    await assert.rejects(wrong, fault('InvalidInputException', 'Invalid token.'))
  })
})

describe('tables', () => {
  before(async () => {
    await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'db' } }))
  })

  test('a table is told as it was made, with its times, its version and its owner', async () => {
    const input = {
      ...tableInput('Events', { TableType: 'EXTERNAL_TABLE', Parameters: { EXTERNAL: 'TRUE' } }),
      StorageDescriptor: {
        Columns: columns,
        Location: 's3://lake/events/',
        SerdeInfo: { SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe', Parameters: { paths: 'id' } },
      },
      PartitionKeys: [{ Name: 'day', Type: 'string' }],
    }
    await glue.send(new CreateTableCommand({ DatabaseName: 'DB', TableInput: input }))
    const { Table } = await glue.send(new GetTableCommand({ DatabaseName: 'db', Name: 'EVENTS' }))
    assert.equal(Table?.Name, 'events')
    assert.equal(Table?.DatabaseName, 'db')
    assert.equal(Table?.VersionId, '0')
    assert.deepEqual(Table?.StorageDescriptor, input.StorageDescriptor)
    assert.deepEqual(Table?.PartitionKeys, input.PartitionKeys)
    assert.ok(Table?.CreateTime instanceof Date && Table.UpdateTime instanceof Date)
    const again = glue.send(new CreateTableCommand({ DatabaseName: 'db', TableInput: input }))
    await assert.rejects(again, fault('AlreadyExistsException', 'Table already exists.'))
  })

  test('each update is a version; those before can be read and deleted', async () => {
    const DatabaseName = 'db'
    const TableName = 'versions'
    await glue.send(new CreateTableCommand({ DatabaseName, TableInput: tableInput(TableName) }))
    for (const Description of ['one', 'two'])
      await glue.send(new UpdateTableCommand({ DatabaseName, TableInput: tableInput(TableName, { Description }) }))
    const skipped = tableInput(TableName, { Description: 'three' })
    await glue.send(new UpdateTableCommand({ DatabaseName, TableInput: skipped, SkipArchive: true }))
    const told = async () => {
      const { TableVersions } = await glue.send(new GetTableVersionsCommand({ DatabaseName, TableName }))
      return TableVersions!.map(({ VersionId, Table }) => [VersionId, Table?.Description])
    }
    assert.deepEqual(await told(), [
      ['3', 'three'],
      ['1', 'one'],
      ['0', undefined],
    ])
    const one = await glue.send(new GetTableVersionCommand({ DatabaseName, TableName, VersionId: '1' }))
    assert.equal(one.TableVersion?.Table?.Description, 'one')
    const newest = await glue.send(new GetTableVersionCommand({ DatabaseName, TableName }))
    assert.equal(newest.TableVersion?.VersionId, '3')
    await glue.send(new DeleteTableVersionCommand({ DatabaseName, TableName, VersionId: '0' }))
    const batch = new BatchDeleteTableVersionCommand({ DatabaseName, TableName, VersionIds: ['1', '3', '7'] })
    const { Errors } = await glue.send(batch)
    assert.deepEqual(
      Errors?.map(({ VersionId, ErrorDetail }) => [VersionId, ErrorDetail?.ErrorCode]),
      [
        ['3', 'InvalidInputException'],
        ['7', 'EntityNotFoundException'],
      ],
    )
    assert.deepEqual(await told(), [['3', 'three']])
  })

  test('an update that expects another version than there is changes nothing', async () => {
    const DatabaseName = 'db'
    await glue.send(new CreateTableCommand({ DatabaseName, TableInput: tableInput('expected') }))
    const TableInput = tableInput('expected', { Description: 'new' })
    const wrong = glue.send(new UpdateTableCommand({ DatabaseName, TableInput, VersionId: '5' }))
    await assert.rejects(wrong, fault('ConcurrentModificationException', /expected/))
    await glue.send(new UpdateTableCommand({ DatabaseName, TableInput, VersionId: '0' }))
    const { Table } = await glue.send(new GetTableCommand({ DatabaseName, Name: 'expected' }))
    assert.deepEqual([Table?.VersionId, Table?.Description], ['1', 'new'])
  })

  test('tables are listed by name and pattern, and deleted one by one or together', async () => {
    await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'many' } }))
    for (const name of ['clicks_a', 'clicks_b', 'orders'])
      await glue.send(new CreateTableCommand({ DatabaseName: 'many', TableInput: tableInput(name) }))
    const names = async (Expression?: string) =>
      (await glue.send(new GetTablesCommand({ DatabaseName: 'many', Expression }))).TableList!.map(({ Name }) => Name)
    assert.deepEqual(await names(), ['clicks_a', 'clicks_b', 'orders'])
    assert.deepEqual(await names('clicks.*'), ['clicks_a', 'clicks_b'])
    assert.deepEqual(await names('*_b|orders'), ['clicks_b', 'orders'])
    assert.deepEqual(await names('click'), [])
    await glue.send(new DeleteTableCommand({ DatabaseName: 'many', Name: 'orders' }))
    const { Errors } = await glue.send(
      new BatchDeleteTableCommand({ DatabaseName: 'many', TablesToDelete: ['clicks_a', 'none'] }),
    )
    assert.deepEqual(
      Errors?.map(({ TableName, ErrorDetail }) => [TableName, ErrorDetail?.ErrorCode]),
      [['none', 'EntityNotFoundException']],
    )
    assert.deepEqual(await names(), ['clicks_b'])
    await glue.send(new DeleteDatabaseCommand({ Name: 'many' }))
    await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'many' } }))
    assert.deepEqual(await names(), [])
  })

  test('a table that is not there is told so by every call', async () => {
    const names = { DatabaseName: 'db', TableName: 'none' }
    for (const command of [
      new GetTableCommand({ DatabaseName: 'db', Name: 'none' }),
      new DeleteTableCommand({ DatabaseName: 'db', Name: 'none' }),
      new UpdateTableCommand({ DatabaseName: 'db', TableInput: tableInput('none') }),
      new GetTableVersionsCommand(names),
      new GetPartitionsCommand(names),
    ])
      await assert.rejects(glue.send(command as GetTableCommand), fault('EntityNotFoundException', 'Entity Not Found'))
  })

  test('there are no partitions, no indexes and no tags', async () => {
    const names = { DatabaseName: 'db', TableName: 'empty' }
    await glue.send(new CreateTableCommand({ DatabaseName: 'db', TableInput: tableInput('empty') }))
    assert.deepEqual((await glue.send(new GetPartitionsCommand(names))).Partitions, [])
    assert.deepEqual((await glue.send(new GetPartitionIndexesCommand(names))).PartitionIndexDescriptorList, [])
    const partition = glue.send(new GetPartitionCommand({ ...names, PartitionValues: ['x'] }))
    await assert.rejects(partition, fault('EntityNotFoundException', 'Cannot find partition.'))
    const ResourceArn = 'arn:aws:glue:us-east-1:000000000000:database/db'
    assert.deepEqual((await glue.send(new GetTagsCommand({ ResourceArn }))).Tags, {})
  })

  test("what breaks AWS's constraints is told with its place", async () => {
    const empty = glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: '' } }))
    await assert.rejects(
      empty,
      fault(
        'ValidationException',
        /Value '' at 'databaseInput\.name' failed to satisfy constraint: Member must have length greater than or equal to 1/,
      ),
    )
    const none = glue.send(new CreateTableCommand({ DatabaseName: 'db' } as never))
    await assert.rejects(none, fault('InvalidInputException', 'TableInput must be given.'))
    const huge = tableInput('huge', {
      Parameters: Object.fromEntries(['a', 'b', 'c'].map((k) => [k, 'x'.repeat(500_000)])),
    })
    const tooLarge = glue.send(new CreateTableCommand({ DatabaseName: 'db', TableInput: huge }))
    await assert.rejects(tooLarge, fault('InvalidInputException', /exceeds 1048576/))
  })

  test('two who create one table at once: one is told that it is there', async () => {
    const make = () => glue.send(new CreateTableCommand({ DatabaseName: 'db', TableInput: tableInput('race') }))
    const outcomes = await Promise.allSettled([make(), make(), make()])
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  })
})

describe('schema files', () => {
  const write = async (path: string, text: string) => {
    await mkdir(join(schemas, path, '..'), { recursive: true })
    await writeFile(join(schemas, path), text)
  }
  const table = (type: string) => JSON.stringify({ StorageDescriptor: { Columns: [{ Name: 'id', Type: type }] } })

  test('a file is a table, as it is at the moment; it is not changed by calls', async () => {
    await write('files/events.json', table('int'))
    const get = async () => (await glue.send(new GetTableCommand({ DatabaseName: 'files', Name: 'events' }))).Table
    assert.deepEqual((await get())?.StorageDescriptor?.Columns, [{ Name: 'id', Type: 'int' }])
    await write('files/events.json', table('bigint'))
    assert.deepEqual((await get())?.StorageDescriptor?.Columns, [{ Name: 'id', Type: 'bigint' }])
    const { TableList } = await glue.send(new GetTablesCommand({ DatabaseName: 'files' }))
    assert.deepEqual(
      TableList?.map(({ Name }) => Name),
      ['events'],
    )
    const { DatabaseList } = await glue.send(new GetDatabasesCommand({}))
    assert.ok(DatabaseList?.some(({ Name }) => Name === 'files'))
    const change = glue.send(new UpdateTableCommand({ DatabaseName: 'files', TableInput: tableInput('events') }))
    await assert.rejects(change, fault('InvalidInputException', /schema file files\/events\.json/))
    const made = glue.send(new CreateTableCommand({ DatabaseName: 'files', TableInput: tableInput('events') }))
    await assert.rejects(made, fault('AlreadyExistsException', 'Table already exists.'))
  })

  test('a file that holds no table is told with its path', async () => {
    await write('broken/json.json', '{')
    await write('broken/type.json', '{"StorageDescriptor":{"Columns":[{"Type":"int"}]}}')
    for (const name of ['json', 'type']) {
      const got = glue.send(new GetTableCommand({ DatabaseName: 'broken', Name: name }))
      await assert.rejects(got, fault('InvalidInputException', new RegExp(`broken/${name}\\.json holds no TableInput`)))
    }
  })

  test('no name leads out of the folder', async () => {
    await write('inside/t.json', table('int'))
    for (const [DatabaseName, Name] of [
      ['..', 'package'],
      ['inside', '../inside/t'],
      ['inside', '..\\t'],
    ])
      await assert.rejects(
        glue.send(new GetTableCommand({ DatabaseName, Name })),
        fault('EntityNotFoundException', /./),
      )
  })
})
