import type { ProcessingStep } from '../config/processing-config.ts'
import { bracketsConverter } from './brackets.ts'
import { csvToJsonConverter } from './csv-to-json.ts'
import { type Ec2Metadata, ec2MetadataConverter } from './ec2-metadata.ts'
import { logToJsonConverter } from './log-to-json.ts'
import { metadataConverter } from './metadata.ts'
import { singleLineConverter } from './single-line.ts'

/**
 * Makes of one record, as it stands in the file with the end of its line, what is sent; undefined leaves it out.
 * @throws when it cannot: the record is then sent as it was
 */
export type Converter = (record: Buffer) => Buffer | undefined

/** All of a flow's options in their order; undefined if it has none. */
export function converterOf(steps: readonly ProcessingStep[], ec2: Ec2Metadata): Converter | undefined {
  const converters = steps.map((step) => converterOfStep(step, ec2))
  if (converters.length <= 1) return converters[0]
  return (record) => {
    let converted: Buffer | undefined = record
    for (const convert of converters) {
      converted = convert(converted)
      if (converted === undefined) return undefined
    }
    return converted
  }
}

function converterOfStep(step: ProcessingStep, ec2: Ec2Metadata): Converter {
  switch (step.name) {
    case 'SINGLELINE':
      return singleLineConverter
    case 'CSVTOJSON':
      return csvToJsonConverter(step)
    case 'LOGTOJSON':
      return logToJsonConverter(step)
    case 'ADDMETADATA':
      return metadataConverter(step)
    case 'ADDEC2METADATA':
      return ec2MetadataConverter(step, ec2)
    case 'ADDBRACKETS':
      return bracketsConverter
  }
}
