import { type CreateDeliveryStreamCommandInput, ProcessorParameterName } from '@aws-sdk/client-firehose'
import type { CreateTableCommandInput } from '@aws-sdk/client-glue'

/* What would be asked of AWS in the same words: a table, and a delivery stream that writes its Parquet. */

export const databaseName = 'travel'
export const bucket = 'lake'
const role = 'arn:aws:iam::000000000000:role/demo'

export const flightsTable: CreateTableCommandInput = {
  DatabaseName: databaseName,
  TableInput: {
    Name: 'flights',
    StorageDescriptor: {
      Columns: [
        { Name: 'date', Type: 'string' },
        { Name: 'origin', Type: 'string' },
        { Name: 'destination', Type: 'string' },
        { Name: 'delay', Type: 'int' },
        { Name: 'distance', Type: 'int' },
      ],
    },
  },
}

export const flightsDelivery = (streamArn: string): CreateDeliveryStreamCommandInput => ({
  DeliveryStreamName: 'flights-to-lake',
  DeliveryStreamType: 'KinesisStreamAsSource',
  KinesisStreamSourceConfiguration: { KinesisStreamARN: streamArn, RoleARN: role },
  ExtendedS3DestinationConfiguration: {
    RoleARN: role,
    BucketARN: `arn:aws:s3:::${bucket}`,
    Prefix: 'flights/airport=!{partitionKeyFromQuery:airport}/hour=!{timestamp:yyyy-MM-dd-HH}/',
    ErrorOutputPrefix: 'errors/!{firehose:error-output-type}/',
    BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
    DynamicPartitioningConfiguration: { Enabled: true },
    ProcessingConfiguration: {
      Enabled: true,
      Processors: [
        {
          Type: 'MetadataExtraction',
          Parameters: [
            { ParameterName: ProcessorParameterName.METADATA_EXTRACTION_QUERY, ParameterValue: '{airport: .origin}' },
            { ParameterName: ProcessorParameterName.JSON_PARSING_ENGINE, ParameterValue: 'JQ-1.6' },
          ],
        },
      ],
    },
    DataFormatConversionConfiguration: {
      SchemaConfiguration: { DatabaseName: databaseName, TableName: 'flights', RoleARN: role },
      InputFormatConfiguration: { Deserializer: { OpenXJsonSerDe: {} } },
      OutputFormatConfiguration: { Serializer: { ParquetSerDe: {} } },
    },
  },
})
