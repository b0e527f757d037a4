import { arnOfResource } from '../../../core/needs.ts'
import { HttpAnswer, operation } from '../../../core/operation.ts'
import { blob, enumeration, optional, string, structure } from '../../../core/shapes.ts'
import type { LambdaContext } from '../context.ts'
import {
  eventTooLarge,
  functionUnreachable,
  invalidParameter,
  rateExceeded,
  requestNotJson,
  requestTooLarge,
} from '../faults.ts'
import { functionName, functionOf, functionResource } from '../function-name.ts'
import { FunctionUnreachable, NoPlaceFree } from '../functions/invocation.ts'
import { eventBytesMax, payloadBytesMax } from '../limits.ts'
import { qualifier } from '../members.ts'

/** As AWS's own limit for it: 3583 bytes of base64. */
const clientContextLengthMax = 3583

const nothing = new Uint8Array()

export const invoke = operation({
  name: 'Invoke',
  audit: { event: 'data', resourceType: 'AWS::Lambda::Function' },
  http: {
    method: 'POST',
    path: '/2015-03-31/functions/{FunctionName}/invocations',
    query: { Qualifier: 'Qualifier' },
    headers: {
      InvocationType: 'x-amz-invocation-type',
      LogType: 'x-amz-log-type',
      ClientContext: 'x-amz-client-context',
    },
    payload: 'Payload',
  },
  input: structure({
    FunctionName: functionName,
    Qualifier: optional(qualifier),
    InvocationType: optional(enumeration('Event', 'RequestResponse', 'DryRun')),
    LogType: optional(enumeration('None', 'Tail')),
    ClientContext: optional(string({ max: clientContextLengthMax })),
    Payload: optional(blob()),
  }),
  resource: functionResource,
  needs: (input, context: LambdaContext) => [
    {
      action: 'lambda:InvokeFunction',
      resource: arnOfResource(context.place, 'lambda', functionResource(input, context)),
    },
  ],
  async handle(context: LambdaContext, input, { requestId, signal }) {
    const { invocations } = context
    const called = functionOf(context, input.FunctionName, input.Qualifier)
    const type = input.InvocationType ?? 'RequestResponse'
    const event = input.Payload && input.Payload.byteLength > 0 ? input.Payload : Buffer.from('{}')
    if (type === 'DryRun') return new HttpAnswer(204, {}, nothing)
    checkPayload(event, type)
    if (type === 'Event') {
      invocations.enqueue(called, event, requestId)
      return new HttpAnswer(202, {}, nothing)
    }
    const clientContext = clientContextOf(input.ClientContext)
    try {
      const result = await invocations.invoke(called, { event, requestId, clientContext, mayWait: false, signal })
      const headers = {
        'x-amz-executed-version': '$LATEST',
        ...(result.functionError && { 'x-amz-function-error': result.functionError }),
        ...(input.LogType === 'Tail' && { 'x-amz-log-result': Buffer.from(result.logTail).toString('base64') }),
      }
      return new HttpAnswer(200, headers, result.payload)
    } catch (error) {
      if (error instanceof NoPlaceFree) throw rateExceeded()
      if (error instanceof FunctionUnreachable) throw functionUnreachable(called.definition.name, error.message)
      throw error
    }
  },
})

/** @throws RequestTooLargeException, InvalidRequestContentException */
function checkPayload(event: Uint8Array, type: 'Event' | 'RequestResponse'): void {
  const size = event.byteLength
  if (type === 'Event' && size > eventBytesMax) throw eventTooLarge(size, eventBytesMax)
  if (size > payloadBytesMax) throw requestTooLarge(size, payloadBytesMax)
  try {
    JSON.parse(Buffer.from(event.buffer, event.byteOffset, size).toString())
  } catch (error) {
    throw requestNotJson((error as Error).message)
  }
}

/** The JSON that came as base64. @throws InvalidParameterValueException */
function clientContextOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const json = Buffer.from(text, 'base64').toString()
  try {
    JSON.parse(json)
    return json
  } catch {
    throw invalidParameter('Client context must be a valid Base64-encoded JSON object.')
  }
}
