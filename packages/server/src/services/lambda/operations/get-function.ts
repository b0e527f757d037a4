import { basename } from 'node:path'
import { operation } from '../../../core/operation.ts'
import { optional, structure } from '../../../core/shapes.ts'
import type { LambdaContext } from '../context.ts'
import { functionName, functionOf, functionResource } from '../function-name.ts'
import { functionView } from '../functions/function-table.ts'
import { qualifier } from '../members.ts'

export const getFunction = operation({
  name: 'GetFunction',
  audit: { eventName: 'GetFunction20150331v2' },
  http: { method: 'GET', path: '/2015-03-31/functions/{FunctionName}', query: { Qualifier: 'Qualifier' } },
  input: structure({ FunctionName: functionName, Qualifier: optional(qualifier) }),
  resource: functionResource,
  async handle(context: LambdaContext, { FunctionName, Qualifier }) {
    const found = functionOf(context, FunctionName, Qualifier)
    const { code, concurrency } = found.definition
    return {
      Configuration: functionView(found, context.functions.startedAtMs),
      Code: { RepositoryType: 'Millrace', Location: code.kind === 'url' ? code.url : basename(code.path) },
      Tags: {},
      Concurrency: { ReservedConcurrentExecutions: concurrency },
    }
  },
})
