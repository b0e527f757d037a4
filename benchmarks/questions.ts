import type { Question } from './question.ts'
import { agent } from './questions/agent.ts'
import { aggregation } from './questions/aggregation.ts'
import { authentication } from './questions/authentication.ts'
import { columnar } from './questions/columnar.ts'
import { consumer } from './questions/consumer.ts'
import { cores } from './questions/cores.ts'
import { encryption } from './questions/encryption.ts'
import { firehoseGzip, firehoseParquet, firehosePartitions } from './questions/firehose.ts'
import { getRecords } from './questions/get-records.ts'
import { memory } from './questions/memory.ts'
import { pipeline } from './questions/pipeline.ts'
import { policies } from './questions/policies.ts'
import { propagation } from './questions/propagation.ts'
import { putRecord, putRecords, putRecordsCbor, putRecordsLarge } from './questions/puts.ts'
import { retained } from './questions/retained.ts'
import { shards } from './questions/shards.ts'
import { signatures } from './questions/signatures.ts'
import { startUp } from './questions/start-up.ts'
import { streams } from './questions/streams.ts'

/** All questions, in the order of the table. */
export const questions: readonly Question[] = [
  putRecords,
  putRecordsCbor,
  putRecordsLarge,
  putRecord,
  authentication,
  signatures,
  getRecords,
  propagation,
  aggregation,
  columnar,
  pipeline,
  shards,
  streams,
  retained,
  encryption,
  cores,
  startUp,
  memory,
  agent,
  consumer,
  firehoseGzip,
  firehoseParquet,
  firehosePartitions,
  policies,
]
