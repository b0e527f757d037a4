import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { LambdaContext } from '../context.ts'
import { functionsComeFromFile } from '../faults.ts'
import { functionName, functionResource } from '../function-name.ts'

export const deleteFunction = operation({
  name: 'DeleteFunction',
  audit: { eventName: 'DeleteFunction20150331' },
  http: { method: 'DELETE', path: '/2015-03-31/functions/{FunctionName}' },
  input: structure({ FunctionName: functionName }),
  resource: functionResource,
  async handle(_context: LambdaContext) {
    throw functionsComeFromFile('DeleteFunction')
  },
})
