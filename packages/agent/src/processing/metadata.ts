import type { ProcessingStep } from '../config/processing-config.ts'
import type { Converter } from './converter.ts'
import { jsonText } from './json-text.ts'
import { lineText } from './line-text.ts'

/** ADDMETADATA: what the configuration says, and the record as text. */
export function metadataConverter(step: Extract<ProcessingStep, { name: 'ADDMETADATA' }>): Converter {
  return (record) => {
    const members = [['metadata', step.metadata] as const, ['data', lineText(record)] as const]
    return Buffer.from(`${jsonText(members, step.jsonFormat)}\n`)
  }
}
