/* Functions as people write them. */

export const echo = async (event, context) => ({
  event,
  name: context.functionName,
  version: context.functionVersion,
  arn: context.invokedFunctionArn,
  requestId: context.awsRequestId,
  memory: context.memoryLimitInMB,
  leftMs: context.getRemainingTimeInMillis(),
  custom: context.clientContext?.custom,
})

export const environment = async (names) => Object.fromEntries(names.map((name) => [name, process.env[name]]))

export const processId = async ({ pauseMs = 0 } = {}) => {
  await new Promise((resolve) => setTimeout(resolve, pauseMs))
  return process.pid
}

export const withCallback = (event, _context, callback) => {
  setImmediate(() => callback(null, { called: event }))
}

export const failsByCallback = (_event, _context, callback) => callback(new TypeError('by callback'))

export const nothing = () => {}

export const talks = async () => {
  console.log('to the log')
  console.error('to the errors')
}

export const object = { method: async () => 'of an object' }
