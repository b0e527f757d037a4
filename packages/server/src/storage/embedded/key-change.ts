import { noDataKey } from '../data-key.ts'
import type { HeldLog } from './held-log.ts'

type Ways = {
  /** Makes what is known of the log durable. */
  keep(): Promise<void>
  /** Resolves when all that was put before is written. */
  settled(): Promise<void>
}

/**
 * Seals a log by another key from now on, or by none. One change after the other, for whatever a crash leaves of it:
 * nothing may lie in the log unsealed behind the place from which, durably, all is sealed.
 */
export async function sealBy(log: HeldLog, dataKey: number, { keep, settled }: Ways): Promise<void> {
  const { dataKey: keyBefore, sealedFrom } = log
  try {
    if (dataKey === noDataKey && sealedFrom < Number.POSITIVE_INFINITY) {
      log.sealedFrom = Number.POSITIVE_INFINITY
      await keep().catch((error) => {
        log.sealedFrom = sealedFrom
        throw error
      })
    }
    log.dataKey = dataKey
    await settled() // what was put before is sealed by the key before, or not at all
    if (keyBefore === noDataKey && dataKey !== noDataKey) log.sealedFrom = log.writtenTo
    await keep()
  } catch (error) {
    // Whether it is kept is unknown. What was to be sealed goes on being sealed, by either key.
    if (dataKey === noDataKey) log.dataKey = keyBefore
    throw error
  }
}
