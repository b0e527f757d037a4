/*
 * What a page of somebody else tries against a server on the user's own machine. `attack` runs in the browser: it is given there
 * as text, and needs nothing from here.
 */

export type Attempt = {
  readonly name: string
  /** What the page could read of the answer; undefined if nothing. */
  readonly read?: string
}

// biome-ignore-start lint/suspicious/noExplicitAny: the browser's own things; the types here are Node's
declare const document: any
declare const navigator: any
declare const WebSocket: any
declare const EventSource: any
// biome-ignore-end lint/suspicious/noExplicitAny: see above

/** @param target where the server is, as the page calls it */
export async function attack(target: string): Promise<Attempt[]> {
  const attempts: Attempt[] = []
  const signed =
    'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=any%2F20260101%2Fus-east-1%2Fkinesis%2Faws4_request&' +
    'X-Amz-Date=20260101T000000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=00&X-Amz-Expires=300'
  const calls = [
    { prefix: 'Kinesis_20131202', name: 'CreateStream', input: { StreamName: 'evil', ShardCount: 1 } },
    { prefix: 'Kinesis_20131202', name: 'DeleteStream', input: { StreamName: 'victim' } },
    {
      prefix: 'Kinesis_20131202',
      name: 'PutRecord',
      input: { StreamName: 'victim', Data: 'ZXZpbA==', PartitionKey: 'a' },
    },
    {
      prefix: 'DynamoDB_20120810',
      name: 'CreateTable',
      input: {
        TableName: 'evil',
        KeySchema: [{ AttributeName: 'a', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'a', AttributeType: 'S' }],
        BillingMode: 'PAY_PER_REQUEST',
      },
    },
  ]
  const form =
    'Action=PutMetricData&Version=2010-08-01&Namespace=Evil&MetricData.member.1.MetricName=m&MetricData.member.1.Value=1'
  const types = [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain; application/x-amz-json-1.1',
    'text/plain; charset=application/x-amz-cbor-1.1',
    'application/json',
    'application/x-amz-json-1.1',
    'application/x-amz-json-1.0',
    'application/x-amz-cbor-1.1',
    '',
  ]
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  const attempt = async (name: string, run: () => Promise<string | undefined>) => {
    const read = await Promise.race([run().catch(() => undefined), wait(3000).then(() => undefined)])
    attempts.push(read === undefined ? { name } : { name, read })
  }
  const fetched = (name: string, path: string, init: Record<string, unknown>) =>
    attempt(name, async () => {
      const answer = await fetch(target + path, init as RequestInit)
      return answer.type === 'opaque' ? undefined : `${answer.status} ${await answer.text()}`
    })

  for (const mode of ['no-cors', 'cors']) {
    for (const { prefix, name, input } of calls)
      await Promise.all(
        types.map((type) => {
          const headers = {
            ...(type && { 'content-type': type }),
            'x-amz-target': `${prefix}.${name}`,
            'x-amz-date': '20260101T000000Z',
            authorization:
              'AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=00',
          }
          const init = { method: 'POST', mode, headers, body: JSON.stringify(input), credentials: 'include' }
          return fetched(`${mode} ${name} ${type}`, `/?${signed}`, init)
        }),
      )
    const simple = { mode, headers: { 'content-type': 'application/x-www-form-urlencoded' } }
    await fetched(`${mode} form`, `/?${signed}`, { ...simple, method: 'POST', body: form })
    await fetched(`${mode} form as text`, `/?${form}&${signed}`, { mode, method: 'POST', body: form })
    for (const path of [
      '/health',
      '/metrics',
      '/deliveries',
      '/ca.pem',
      `/?${form}&${signed}`,
      `/2015-03-31/functions?${signed}`,
    ])
      await fetched(`${mode} GET ${path}`, path, { mode })
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS'])
      await fetched(`${mode} ${method}`, `/2015-03-31/event-source-mappings/x?${signed}`, { mode, method })
    const lambda = { mode, method: 'POST', body: '{}' }
    await fetched(`${mode} invoke`, `/2015-03-31/functions/f/invocations?${signed}`, lambda)
    await fetched(`${mode} RPC`, `/service/GraniteServiceVersion20100801/operation/PutMetricData?${signed}`, lambda)
  }

  for (const { name, input } of calls)
    for (const type of types)
      await attempt(`beacon ${name} ${type}`, async () => {
        navigator.sendBeacon(`${target}/?${signed}`, new Blob([JSON.stringify(input)], { type }))
        return undefined
      })
  for (const enctype of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])
    for (const [name, value] of [
      ['{"StreamName":"evil","ShardCount":1,"x":"', '"}'],
      ['Action', 'PutMetricData'],
    ])
      await attempt(`form of ${enctype}`, async () => {
        const frame = document.createElement('iframe')
        frame.name = `f${Math.floor(performance.now() * 1000)}`
        document.body.append(frame)
        const element = document.createElement('form')
        Object.assign(element, { method: 'POST', enctype, action: `${target}/?${signed}&${form}`, target: frame.name })
        const fields = { [name!]: value, ...(name === 'Action' && Object.fromEntries(new URLSearchParams(form))) }
        for (const [field, text] of Object.entries(fields)) {
          const box = document.createElement('input')
          Object.assign(box, { type: 'hidden', name: field, value: text })
          element.append(box)
        }
        document.body.append(element)
        element.submit()
        await wait(150)
        return frame.contentDocument?.body?.innerText || undefined
      })
  for (const path of ['/health', '/metrics', '/deliveries', `/?${form}&${signed}`])
    await attempt(`frame of ${path}`, async () => {
      const frame = document.createElement('iframe')
      frame.src = target + path
      document.body.append(frame)
      await new Promise((resolve) => frame.addEventListener('load', resolve))
      return frame.contentDocument?.body?.innerText || undefined
    })
  for (const tag of ['img', 'script', 'link', 'object', 'video'])
    await attempt(`${tag}`, async () => {
      const element = document.createElement(tag)
      const address = `${target}/?${form}&${signed}`
      Object.assign(element, { src: address, href: address, data: address, rel: 'stylesheet' })
      document.body.append(element)
      await wait(50)
      return undefined
    })
  for (const path of ['/', `/?${signed}`, `/?${form}&${signed}`])
    await attempt(`websocket ${path}`, async () => {
      const socket = new WebSocket(target.replace('http', 'ws') + path)
      return new Promise<string | undefined>((resolve) => {
        socket.onopen = () => resolve('open')
        socket.onerror = () => resolve(undefined)
      })
    })
  await attempt('event source', async () => {
    const source = new EventSource(`${target}/metrics`)
    return new Promise<string | undefined>((resolve) => {
      source.onopen = () => resolve('open')
      source.onerror = () => {
        source.close()
        resolve(undefined)
      }
    })
  })
  return attempts
}
