import { operation } from '../../../core/operation.ts'
import { structure } from '../../../core/shapes.ts'
import type { LambdaContext } from '../context.ts'
import { functionsComeFromFile } from '../faults.ts'
import { functionName, functionResource } from '../function-name.ts'

export const createFunction = operation({
  name: 'CreateFunction',
  audit: { eventName: 'CreateFunction20150331' },
  http: { method: 'POST', path: '/2015-03-31/functions', status: 201 },
  input: structure({ FunctionName: functionName }),
  resource: functionResource,
  async handle(_context: LambdaContext) {
    throw functionsComeFromFile('CreateFunction')
  },
})
