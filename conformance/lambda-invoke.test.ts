import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { FunctionsOptions } from 'millrace'
import { missing } from './clients/installed.ts'
import { LambdaServer } from './harness/lambda.ts'

/* Invoke with real functions in real processes, also such as hang, crash, lie and eat. */

const handlers = join(import.meta.dirname, 'lambda/handlers')
/** For functions whose time is not to run out, however slow the machine is. */
const timeoutSeconds = 60
const of = (file: string, names: string[], more: object = {}): FunctionsOptions =>
  Object.fromEntries(
    names.map((name) => [name, { module: join(handlers, file), handler: name, timeoutSeconds, ...more }]),
  )

const environment = { COLOUR: 'blue' }
const plain = ['echo', 'withCallback', 'failsByCallback', 'nothing', 'talks']
const hostile = ['throws', 'throwsText', 'exits', 'exitsQuietly', 'crashes', 'isKilled', 'circular', 'huge', 'floods']
const behind = ['leavesChild', 'rejectsBehind', 'throwsBehind', 'meddles', 'answersRubbish']

/** Stands for functions elsewhere: what it is asked decides what it answers. */
const remote = http.createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const { say, status = 200, error } = JSON.parse(Buffer.concat(chunks).toString())
    if (say === 'nothing') return
    response.writeHead(status, error ? { 'x-amz-function-error': error } : {})
    response.end(say === 'much' ? 'x'.repeat(7_000_000) : say)
  })
})
let remoteUrl = ''
before(async () => {
  await new Promise<void>((resolve) => remote.listen(0, '127.0.0.1', resolve))
  remoteUrl = `http://127.0.0.1:${(remote.address() as AddressInfo).port}`
  const path = '2015-03-31/functions/function/invocations'
  await server.open({
    functions: {
      ...of('plain.mjs', plain),
      ...of('plain.mjs', ['environment'], { environment }),
      ...of('plain.mjs', ['processId'], { concurrency: 2 }),
      ...of('hostile.mjs', [...hostile, ...behind]),
      ...of('hostile.mjs', ['hangs', 'loops'], { timeoutSeconds: 1, concurrency: 1 }),
      ...of('hostile.mjs', ['eatsHeap', 'eatsBuffers'], { memoryMiB: 64 }),
      ...of('plain.py', ['greet', 'fail', 'unserializable']),
      ...of('plain.py', ['loop'], { timeoutSeconds: 2 }),
      typed: { module: join(handlers, 'typed.ts') },
      old: { module: join(handlers, 'old.cjs') },
      method: { module: join(handlers, 'plain.mjs'), handler: 'object.method' },
      unreadable: { module: join(handlers, 'unreadable.mjs') },
      missing: { module: join(handlers, 'importing.mjs') },
      nameless: { module: join(handlers, 'plain.mjs'), handler: 'noSuchExport' },
      remote: { url: `${remoteUrl}/${path}`, timeoutSeconds },
      functionUrl: { url: remoteUrl, timeoutSeconds },
      remoteInTime: { url: `${remoteUrl}/${path}`, timeoutSeconds: 1 },
      functionUrlInTime: { url: remoteUrl, timeoutSeconds: 1 },
      nowhere: { url: 'http://127.0.0.1:9/' },
    },
  })
})
const server = new LambdaServer()
after(async () => {
  await server.close()
  remote.closeAllConnections()
  remote.close()
})

test('a function gets the event and a context, and its answer comes back', async () => {
  const context = Buffer.from(JSON.stringify({ custom: { a: 1 } })).toString('base64')
  const { $metadata, ExecutedVersion, FunctionError, StatusCode, value } = await server.invoke(
    'echo',
    { some: ['event'] },
    { ClientContext: context },
  )
  assert.deepEqual([StatusCode, FunctionError, ExecutedVersion], [200, undefined, '$LATEST'])
  const { leftMs, ...rest } = value
  assert.ok(leftMs > 0 && leftMs <= timeoutSeconds * 1000, `${leftMs} ms are left of ${timeoutSeconds} s`)
  assert.deepEqual(rest, {
    event: { some: ['event'] },
    name: 'echo',
    version: '$LATEST',
    arn: 'arn:aws:lambda:us-east-1:000000000000:function:echo',
    requestId: $metadata.requestId,
    memory: '128',
    custom: { a: 1 },
  })
})

for (const name of [
  'echo:$LATEST',
  'function:echo',
  '000000000000:function:echo',
  'arn:aws:lambda:us-east-1:000000000000:function:echo',
  'arn:aws:lambda:us-east-1:000000000000:function:echo:$LATEST',
])
  test(`${name} names the function`, async () => {
    assert.equal((await server.invoke(name)).value.name, 'echo')
  })

for (const [name, arn] of [
  ['nobody', 'nobody'],
  ['echo:1', 'echo:1'],
  ['arn:aws:lambda:us-east-1:000000000000:function:nobody:prod', 'nobody:prod'],
])
  test(`${name} is not found`, async () => {
    await assert.rejects(server.invoke(name!), {
      name: 'ResourceNotFoundException',
      Type: 'User',
      message: `Function not found: arn:aws:lambda:us-east-1:000000000000:function:${arn}`,
    })
  })

test('a function finds the environment that AWS gives, its own, and this server as endpoint, and not ours', async () => {
  const names = ['AWS_LAMBDA_FUNCTION_NAME', 'AWS_LAMBDA_FUNCTION_MEMORY_SIZE', '_HANDLER', 'AWS_REGION', 'COLOUR']
  const { value } = await server.invoke('environment', [...names, 'AWS_ENDPOINT_URL', 'NODE_TEST_CONTEXT'])
  assert.deepEqual(value, {
    AWS_LAMBDA_FUNCTION_NAME: 'environment',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
    _HANDLER: 'environment',
    AWS_REGION: 'us-east-1',
    COLOUR: 'blue',
    AWS_ENDPOINT_URL: server.url,
  })
})

for (const [name, event, answer] of [
  ['typed', { count: 4 }, 5],
  ['old', {}, 'CommonJS'],
  ['method', {}, 'of an object'],
  ['withCallback', 7, { called: 7 }],
  ['nothing', {}, null],
  ['floods', {}, 'flooded'],
] as const)
  test(`${name} answers ${JSON.stringify(answer)}`, async () => {
    const { FunctionError, value } = await server.invoke(name, event)
    assert.deepEqual([FunctionError, value], [undefined, answer])
  })

test('a warm process is used again, and there are never more than the function may have', async () => {
  const { value: first } = await server.invoke('processId')
  assert.equal((await server.invoke('processId')).value, first)
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => server.invoke('processId', { pauseMs: 500 })))
  const pids = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.value] : []))
  assert.equal(new Set(pids).size, 2)
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason)
  assert.deepEqual(
    refused.map(({ name, message }) => [name, message]),
    [['TooManyRequestsException', 'Rate Exceeded.']],
  )
})

test('what a function writes is in the log, by its request, and at the end of the answer that asks for it', async () => {
  const { $metadata, logTail } = await server.invoke('talks', {}, { LogType: 'Tail' })
  assert.match(logTail, /^START RequestId: \S+ Version: \$LATEST\n/)
  assert.match(logTail, /to the log\n/)
  assert.match(logTail, /\nREPORT RequestId: \S+\tDuration: [\d.]+ ms\t/)
  const facts = { function: 'talks', requestId: $metadata.requestId }
  const lines = server.logged.filter((line) => line.facts.requestId === facts.requestId && line.facts.function)
  assert.deepEqual(
    lines.sort((a, b) => (a.level < b.level ? -1 : 1)),
    [
      { level: 'info', message: 'to the log', facts },
      { level: 'warn', message: 'to the errors', facts },
    ],
  )
})

const broken: [string, string, RegExp][] = [
  ['throws', 'RangeError', /^too far$/],
  ['throwsText', 'string', /^only a text$/],
  ['failsByCallback', 'TypeError', /^by callback$/],
  ['hangs', 'Sandbox.Timedout', /^RequestId: \S+ Error: Task timed out after 1\.00 seconds$/],
  ['loops', 'Sandbox.Timedout', /Task timed out after 1\.00 seconds$/],
  ['exits', 'Runtime.ExitError', /^RequestId: \S+ Error: Runtime exited with error: exit status 3$/],
  ['exitsQuietly', 'Runtime.ExitError', /Runtime exited without providing a reason$/],
  ['crashes', 'Runtime.ExitError', /Runtime exited with error: signal: SIGABRT$/],
  ['isKilled', 'Runtime.ExitError', /Runtime exited with error: signal: killed$/],
  ['circular', 'TypeError', /circular/],
  ['huge', 'Function.ResponseSizeTooLarge', /maximum allowed payload size \(6291556 bytes\)/],
  ['eatsHeap', 'Runtime.OutOfMemory', /signal: (SIGABRT$|killed)/],
  ['rejectsBehind', 'Runtime.UnhandledPromiseRejection', /^nobody waits for it$/],
  ['throwsBehind', 'Error', /^behind its back$/],
  ['meddles', 'Runtime.InvalidResponse', /not an answer$/],
  ['answersRubbish', 'Runtime.InvalidResponse', /not JSON$/],
  ['unreadable', 'Error', /^it does not even load$/],
  ['missing', 'Runtime.ImportModuleError', /not-there\.mjs/],
  ['nameless', 'Runtime.HandlerNotFound', /noSuchExport is undefined or not exported/],
]
if (process.platform === 'linux') broken.push(['eatsBuffers', 'Runtime.OutOfMemory', /it used \d+ MB$/])
const calledTwice = new Set(['throws', 'exits', 'throwsBehind', 'meddles', 'unreadable', 'loops'])
for (const [name, errorType, errorMessage] of broken)
  test(`a function that is called ${name} gives the error ${errorType}`, async () => {
    // What became of one process must not be told to the next call.
    for (let call = 0; call < (calledTwice.has(name) ? 2 : 1); call++) {
      const { FunctionError, StatusCode, value } = await server.invoke(name)
      assert.deepEqual([StatusCode, FunctionError, value.errorType], [200, 'Unhandled', errorType])
      assert.match(value.errorMessage, errorMessage)
    }
  })

test('an error tells where it was thrown', async () => {
  const { value } = await server.invoke('throws')
  assert.equal(value.trace[0], 'RangeError: too far')
  assert.match(value.trace[1], /hostile\.mjs/)
})

const noPython = missing('Python', 'python3', ['--version'])
test('a handler in Python gets event and context, and its output is in the log', { skip: noPython }, async () => {
  const { $metadata, FunctionError, value } = await server.invoke('greet', { name: 'Ada' })
  assert.equal(FunctionError, undefined)
  const { leftMs, ...rest } = value
  assert.ok(leftMs > 0 && leftMs <= timeoutSeconds * 1000)
  const { requestId } = $metadata
  assert.deepEqual(rest, { text: 'hello Ada', requestId, function: 'greet', memory: '128' })
  await server.untilLogged(({ facts, message }) => message === 'greeting' && facts.requestId === requestId)
})

for (const [name, errorType, errorMessage] of [
  ['fail', 'KeyError', /nothing/],
  ['unserializable', 'Runtime.MarshalError', /^Unable to marshal response/],
  ['loop', 'Sandbox.Timedout', /after 2\.00 seconds$/],
] as const)
  test(`a handler in Python that is called ${name} gives the error ${errorType}`, { skip: noPython }, async () => {
    const { FunctionError, value } = await server.invoke(name)
    assert.deepEqual([FunctionError, value.errorType], ['Unhandled', errorType])
    assert.match(value.errorMessage, errorMessage)
  })

for (const name of ['remote', 'functionUrl']) {
  test(`${name}: a function behind a URL gets the event, and its answer comes back`, async () => {
    const { FunctionError, value } = await server.invoke(name, { say: '{"from":"afar"}' })
    assert.deepEqual([FunctionError, value], [undefined, { from: 'afar' }])
    assert.equal((await server.invoke(name, { say: '' })).value, null)
  })

  for (const [event, functionError, errorType] of [
    [{ say: '{"errorType":"E"}', error: 'Handled' }, 'Handled', 'E'],
    [{ say: 'rubbish' }, 'Unhandled', 'Runtime.InvalidResponse'],
    [{ say: 'much' }, 'Unhandled', 'Function.ResponseSizeTooLarge'],
    [{ say: 'Internal Server Error', status: 502 }, 'Unhandled', 'Function.HttpError'],
  ] as const)
    test(`${name}: ${JSON.stringify(event)} is ${errorType}`, async () => {
      const { FunctionError, value } = await server.invoke(name, event)
      assert.deepEqual([FunctionError, value.errorType], [functionError, errorType])
    })

  test(`${name}: nothing within its time is Sandbox.Timedout`, async () => {
    const { FunctionError, value } = await server.invoke(`${name}InTime`, { say: 'nothing' })
    assert.deepEqual([FunctionError, value.errorType], ['Unhandled', 'Sandbox.Timedout'])
  })
}

test('a process that a handler started ends with it', async () => {
  await server.invoke('leavesChild')
  const { message } = server.logged.find((line) => line.facts.function === 'leavesChild')!
  const pid = Number(message.split(' ')[1])
  const isRunning = () => {
    try {
      return process.kill(pid, 0)
    } catch {
      return false
    }
  }
  while (isRunning()) await new Promise((resolve) => setImmediate(resolve))
})

test('a function that cannot be reached is a ServiceException', async () => {
  await assert.rejects(server.invoke('nowhere'), { name: 'ServiceException', $fault: 'server' })
})

test('a dry run and an event are answered without an answer', async () => {
  const dry = await server.invoke('throws', {}, { InvocationType: 'DryRun' })
  assert.deepEqual([dry.StatusCode, dry.value], [204, undefined])
  const { $metadata, StatusCode, value } = await server.invoke('talks', {}, { InvocationType: 'Event' })
  assert.deepEqual([StatusCode, value], [202, undefined])
  await server.untilLogged(({ facts, message }) => message === 'to the log' && facts.requestId === $metadata.requestId)
})

test('a payload that is not JSON, or is too large, is refused', async () => {
  await assert.rejects(server.invoke('echo', {}, { Payload: '{"a":' }), { name: 'InvalidRequestContentException' })
  const large = JSON.stringify('x'.repeat(6 * 1024 * 1024))
  await assert.rejects(server.invoke('echo', {}, { Payload: large }), {
    name: 'RequestTooLargeException',
    message: /^6291458 byte payload is too large for the RequestResponse invocation type \(limit 6291456 bytes\)$/,
  })
  const event = JSON.stringify('x'.repeat(1024 * 1024))
  await assert.rejects(server.invoke('echo', {}, { Payload: event, InvocationType: 'Event' }), {
    name: 'RequestTooLargeException',
  })
})

test('no process of a function is left when the server has stopped', {
  skip: process.platform !== 'linux',
}, async () => {
  const own = new LambdaServer()
  await own.open({ functions: of('plain.mjs', ['processId']) })
  const { value: pid } = await own.invoke('processId')
  await own.close()
  await assert.rejects(readFile(`/proc/${pid}/stat`))
})
