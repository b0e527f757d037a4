import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { LambdaContext } from '../context.ts'
import { functionsComeFromFile } from '../faults.ts'
import { functionName, functionResource } from '../function-name.ts'

export const updateFunctionConfiguration = operation({
  name: 'UpdateFunctionConfiguration',
  audit: { eventName: 'UpdateFunctionConfiguration20150331v2' },
  http: { method: 'PUT', path: '/2015-03-31/functions/{FunctionName}/configuration' },
  input: structure({ FunctionName: functionName }),
  resource: functionResource,
  async handle(_context: LambdaContext) {
    throw functionsComeFromFile('UpdateFunctionConfiguration')
  },
})
