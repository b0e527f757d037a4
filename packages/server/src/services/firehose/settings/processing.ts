import { boolean, enumeration, list, optional, string, structure } from '../../../core/shapes.ts'

/* What is done to records before they are delivered [SDK model]. */

export const processingConfiguration = structure({
  Enabled: optional(boolean()),
  Processors: optional(
    list(
      structure({
        Type: enumeration(
          'RecordDeAggregation',
          'Decompression',
          'CloudWatchLogProcessing',
          'Lambda',
          'MetadataExtraction',
          'AppendDelimiterToRecord',
        ),
        Parameters: optional(
          list(
            structure({
              ParameterName: enumeration(
                'LambdaArn',
                'NumberOfRetries',
                'MetadataExtractionQuery',
                'JsonParsingEngine',
                'RoleArn',
                'BufferSizeInMBs',
                'BufferIntervalInSeconds',
                'SubRecordType',
                'Delimiter',
                'CompressionFormat',
                'DataMessageExtraction',
              ),
              ParameterValue: string({ min: 1, max: 5120, pattern: '^(?!\\s*$).+' }),
            }),
          ),
        ),
      }),
    ),
  ),
})
