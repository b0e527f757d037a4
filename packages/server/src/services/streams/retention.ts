import { invalidArgument } from '../../core/aws-error.ts'
import { integer } from '../../core/shapes.ts'

/** A day. */
const hoursMin = 24
/** 365 days. */
const hoursMax = 8760

export const retentionHours = integer({ min: 1, max: hoursMax })

/** @throws InvalidArgumentException below a day */
export function checkRetentionHours(hours: number): void {
  if (hours < hoursMin)
    throw invalidArgument(
      `Minimum allowed retention period is ${hoursMin} hours. Requested retention period (${hours} hours) is too short.`,
    )
}
