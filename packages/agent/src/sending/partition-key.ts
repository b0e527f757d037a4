import { createHash } from 'node:crypto'
import { fractionOf, type Random } from '@millrace/ports'

/** AWS's agent sends a random fraction as text, or what the data determines. */
export function partitionKeys(option: 'RANDOM' | 'DETERMINISTIC', random: Random): (data: Uint8Array) => string {
  if (option === 'RANDOM') return () => String(fractionOf(random))
  return (data) => createHash('md5').update(data).digest('hex')
}
