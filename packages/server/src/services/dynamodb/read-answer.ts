import { type CapacityAsked, capacityView, readCapacity, readUnits } from './consumed-capacity.ts'
import type { Path } from './document-path.ts'
import { projected } from './item-reads.ts'
import type { Page } from './page-reader.ts'
import { keyOfEntry, type ReadSource, type Select } from './read-source.ts'

export type ReadAnswerInput = {
  readonly Select?: Select | undefined
  readonly ConsistentRead?: boolean | undefined
  readonly ReturnConsumedCapacity?: CapacityAsked
}

/** What Query and Scan answer. */
export function readAnswer(source: ReadSource, page: Page, paths: readonly Path[] | undefined, input: ReadAnswerInput) {
  const units = readUnits(page.scannedBytes, input.ConsistentRead ?? false)
  return {
    Items: input.Select === 'COUNT' ? undefined : page.items.map((item) => projected(item, paths)),
    Count: page.items.length,
    ScannedCount: page.scannedCount,
    LastEvaluatedKey: page.last && keyOfEntry(source, page.last),
    ConsumedCapacity: capacityView(input.ReturnConsumedCapacity, readCapacity(source.table, units, source.index)),
  }
}
