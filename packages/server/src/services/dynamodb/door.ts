import type { ServiceFace } from '../../core/operation.ts'

/* What is known of DynamoDB before its code is loaded. */

export const face: ServiceFace = {
  name: 'dynamodb',
  targetPrefix: 'DynamoDB_20120810',
  jsonVersion: '1.0',
  errorPrefix: 'com.amazonaws.dynamodb.v20120810#',
  crc32: true,
}

/** Where the catalog keeps the tables: while there is one, the service has work at all times. */
export const tablePrefix = 'dynamodb/table/'
