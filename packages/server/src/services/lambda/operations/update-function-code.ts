import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { LambdaContext } from '../context.ts'
import { functionsComeFromFile } from '../faults.ts'
import { functionName, functionResource } from '../function-name.ts'

export const updateFunctionCode = operation({
  name: 'UpdateFunctionCode',
  audit: { eventName: 'UpdateFunctionCode20150331v2' },
  http: { method: 'PUT', path: '/2015-03-31/functions/{FunctionName}/code' },
  input: structure({ FunctionName: functionName }),
  resource: functionResource,
  async handle(_context: LambdaContext) {
    throw functionsComeFromFile('UpdateFunctionCode')
  },
})
