import type { ConditionKeys, Need } from '../../core/access.ts'
import { arnOfResource } from '../../core/needs.ts'
import type { StreamsContext } from './context.ts'

/** An action of Data Streams on one of its resources. */
export const needOn = (
  { place }: Pick<StreamsContext, 'place'>,
  action: string,
  resource: string | undefined,
  keys?: ConditionKeys,
): Need => ({
  action: `kinesis:${action}`,
  resource: arnOfResource(place, 'kinesis', resource),
  ...(keys && { keys }),
})
