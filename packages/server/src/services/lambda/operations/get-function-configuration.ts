import { operation } from '../../../core/operation.ts'
import { optional, structure } from '../../../core/shapes.ts'
import type { LambdaContext } from '../context.ts'
import { functionName, functionOf, functionResource } from '../function-name.ts'
import { functionView } from '../functions/function-table.ts'
import { qualifier } from '../members.ts'

export const getFunctionConfiguration = operation({
  name: 'GetFunctionConfiguration',
  audit: { eventName: 'GetFunctionConfiguration20150331v2' },
  http: {
    method: 'GET',
    path: '/2015-03-31/functions/{FunctionName}/configuration',
    query: { Qualifier: 'Qualifier' },
  },
  input: structure({ FunctionName: functionName, Qualifier: optional(qualifier) }),
  resource: functionResource,
  async handle(context: LambdaContext, { FunctionName, Qualifier }) {
    return functionView(functionOf(context, FunctionName, Qualifier), context.functions.startedAtMs)
  },
})
