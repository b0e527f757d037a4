import { map } from '../../core/map-shape.ts'
import { boolean, enumeration, integer, list, optional, string, structure, timestamp } from '../../core/shapes.ts'

/* What operations have in common, with AWS's constraints [SDK model]. */

const line = '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\t]*'
const lines = '[\\u0020-\\uD7FF\\uE000-\\uFFFD\\u{10000}-\\u{10FFFF}\\r\\n\\t]*'

export const name = string({ min: 1, max: 255, pattern: line })
export const catalogId = optional(string({ min: 1, max: 255, pattern: line }))
export const versionId = string({ min: 1, max: 255, pattern: line })
export const description = string({ min: 0, max: 2048, pattern: lines })
export const pageSize = optional(integer({ min: 1, max: 100 }))
const parameters = map({ min: 1, max: 255, pattern: line }, string({ max: 512_000 }))
const comment = string({ min: 0, max: 255, pattern: line })
const location = string({ max: 2056, pattern: lines })
const format = string({ max: 128, pattern: line })
const text = string()

const columns = list(
  structure({
    Name: name,
    Type: optional(string({ min: 0, max: 131_072, pattern: line })),
    Comment: optional(comment),
    Parameters: optional(parameters),
  }),
)

const schemaReference = structure({
  SchemaId: optional(
    structure({ SchemaArn: optional(text), SchemaName: optional(text), RegistryName: optional(text) }),
  ),
  SchemaVersionId: optional(text),
  SchemaVersionNumber: optional(integer({ min: 1, max: 100_000 })),
})

const storageDescriptor = structure({
  Columns: optional(columns),
  Location: optional(location),
  AdditionalLocations: optional(list(location)),
  InputFormat: optional(format),
  OutputFormat: optional(format),
  Compressed: optional(boolean()),
  NumberOfBuckets: optional(integer()),
  SerdeInfo: optional(
    structure({ Name: optional(name), SerializationLibrary: optional(name), Parameters: optional(parameters) }),
  ),
  BucketColumns: optional(list(name)),
  SortColumns: optional(list(structure({ Column: name, SortOrder: integer({ min: 0, max: 1 }) }))),
  Parameters: optional(parameters),
  SkewedInfo: optional(
    structure({
      SkewedColumnNames: optional(list(name)),
      SkewedColumnValues: optional(list(text)),
      SkewedColumnValueLocationMaps: optional(map({}, text)),
    }),
  ),
  StoredAsSubDirectories: optional(boolean()),
  SchemaReference: optional(schemaReference),
})

const identifier = structure({
  CatalogId: catalogId,
  DatabaseName: optional(name),
  Name: optional(name),
  Region: optional(name),
})

export const tableInput = structure({
  Name: name,
  Description: optional(description),
  Owner: optional(name),
  LastAccessTime: optional(timestamp()),
  LastAnalyzedTime: optional(timestamp()),
  Retention: optional(integer({ min: 0 })),
  StorageDescriptor: optional(storageDescriptor),
  PartitionKeys: optional(columns),
  ViewOriginalText: optional(string({ max: 409_600 })),
  ViewExpandedText: optional(string({ max: 409_600 })),
  TableType: optional(string({ max: 255 })),
  Parameters: optional(parameters),
  TargetTable: optional(identifier),
})

export const databaseInput = structure({
  Name: name,
  Description: optional(description),
  LocationUri: optional(string({ min: 1, max: 1024, pattern: lines })),
  Parameters: optional(parameters),
  CreateTableDefaultPermissions: optional(
    list(
      structure({
        Principal: optional(structure({ DataLakePrincipalIdentifier: optional(string({ min: 1, max: 255 })) })),
        Permissions: optional(
          list(
            enumeration(
              'ALL',
              'SELECT',
              'ALTER',
              'DROP',
              'DELETE',
              'INSERT',
              'CREATE_DATABASE',
              'CREATE_TABLE',
              'DATA_LOCATION_ACCESS',
            ),
          ),
        ),
      }),
    ),
  ),
  TargetDatabase: optional(structure({ CatalogId: catalogId, DatabaseName: optional(name), Region: optional(name) })),
})
