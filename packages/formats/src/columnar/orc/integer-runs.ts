import { RunsV1 } from './runs-v1.ts'
import { RunsV2 } from './runs-v2.ts'
import type { IntegerRuns } from './stream-encoder.ts'

/** Versions of the file format: Hive 0.11 and 0.12. They differ in how whole numbers are written. */
export type FormatVersion = 'V0_11' | 'V0_12'

export const integerRuns = (version: FormatVersion, signed: boolean): IntegerRuns =>
  version === 'V0_11' ? new RunsV1(signed) : new RunsV2(signed)
