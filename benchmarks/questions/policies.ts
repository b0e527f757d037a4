import { compilePolicy } from '../../packages/server/src/policies/compile-policy.ts'
import { decide } from '../../packages/server/src/policies/decide.ts'
import type { AccessRequest, PolicySet } from '../../packages/server/src/policies/policy.ts'
import { atMost, type Effort, type Question } from '../question.ts'

const plain = 'A decision: user, group, two statements each'
const bounded = 'A decision: boundary, session, resource and endpoint too'
const tagged = 'A decision: conditions, tags and variables'
const refused = 'A decision: 20 statements, none allows'
const titles = [plain, bounded, tagged, refused]

/** What issue 6 asks of a decision, in microseconds. */
const decisionMaxUs = 5

export const policies: Question = {
  name: 'policies',
  asks: 'Time that one decision of the compiled policies takes',
  figures: titles.flatMap((title) => [
    { title: `${title}, p50`, unit: 'µs', better: 'less', must: [atMost(`${title}, p50`, decisionMaxUs, 'µs')] },
    { title: `${title}, p99`, unit: 'µs', better: 'less' },
  ]),
  peers: [],
  measure: async (_, effort) => {
    const decisions = [plainly(), boundedly(), byTags(), inVain()]
    return decisions.flatMap(({ request, set, isAllowed }) => {
      if (decide(request, set).allowed !== isAllowed) throw new Error('a benchmark that decides otherwise than meant')
      return percentiles(() => decide(request, set), effort)
    })
  },
}

type Asked = { readonly request: AccessRequest; readonly set: PolicySet; readonly isAllowed: boolean }

const account = '111122223333'
const stream = `arn:aws:kinesis:us-east-1:${account}:stream/orders`

const keys = new Map([
  ['aws:username', ['alice']],
  ['aws:principalarn', [`arn:aws:iam::${account}:user/alice`]],
  ['aws:principaltag/team', ['orders']],
  ['aws:resourcetag/team', ['orders']],
  ['aws:sourceip', ['203.0.113.7']],
  ['aws:securetransport', ['true']],
  ['aws:currenttime', ['2026-03-01T12:00:00Z']],
])
const request: AccessRequest = {
  action: 'kinesis:PutRecords',
  resource: stream,
  resourceAccountId: account,
  principal: { accountId: account, arn: `arn:aws:iam::${account}:user/alice` },
  keys,
}

const allow = (Action: unknown, Resource: unknown = '*', Condition: unknown = {}) => ({
  Effect: 'Allow',
  Action,
  Resource,
  Condition,
})
const policy = (...Statement: unknown[]) => compilePolicy({ Version: '2012-10-17', Statement }, 'identity-based policy')

const producers = policy(
  allow(['kinesis:DescribeStreamSummary', 'kinesis:ListShards'], `${stream}*`),
  allow(['kinesis:PutRecord', 'kinesis:PutRecords'], stream),
)
const everybody = policy(allow('sts:GetCallerIdentity'), {
  Effect: 'Deny',
  Action: '*',
  Resource: '*',
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
})

function plainly(): Asked {
  return { request, set: { identity: [producers, everybody] }, isAllowed: true }
}

function boundedly(): Asked {
  const all = { Version: '2012-10-17', Statement: { ...allow('kinesis:*', 'arn:aws:kinesis:*:*:*') } }
  const named = { Version: '2012-10-17', Statement: { ...all.Statement, Principal: { AWS: account } } }
  const set: PolicySet = {
    identity: [producers, everybody],
    boundary: compilePolicy(all, 'permissions boundary'),
    session: [compilePolicy(all, 'session policy')],
    resource: compilePolicy(named, 'resource-based policy'),
    endpoint: compilePolicy(named, 'VPC endpoint policy'),
  }
  return { request, set, isAllowed: true }
}

function byTags(): Asked {
  const own = policy(
    allow('kinesis:*', `arn:aws:kinesis:*:*:stream/\${aws:PrincipalTag/team}*`, {
      StringEquals: { 'aws:ResourceTag/team': `\${aws:PrincipalTag/team}` },
      IpAddress: { 'aws:SourceIp': ['203.0.113.0/24', '2001:DB8:1234:5678::/64'] },
      DateLessThan: { 'aws:CurrentTime': '2030-01-01T00:00:00Z' },
      ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::${account}:user/*` },
    }),
  )
  return { request, set: { identity: [own, everybody] }, isAllowed: true }
}

function inVain(): Asked {
  const statements = Array.from({ length: 20 }, (_, i) =>
    allow(i % 2 === 0 ? `kinesis:*Stream${i}` : 'kinesis:Put*', `arn:aws:kinesis:*:*:stream/*-${i}`),
  )
  const halves = [policy(...statements.slice(0, 10)), policy(...statements.slice(10))]
  return { request, set: { identity: halves }, isAllowed: false }
}

function percentiles(decision: () => unknown, { seconds }: Effort): [number, number] {
  const timesNs: number[] = []
  const endMs = performance.now() + seconds * 500
  for (let i = 0; i < 20_000; i++) decision()
  while (performance.now() < endMs || timesNs.length < 1000)
    for (let i = 0; i < 1000; i++) {
      const before = process.hrtime.bigint()
      decision()
      timesNs.push(Number(process.hrtime.bigint() - before))
    }
  timesNs.sort((a, b) => a - b)
  return [0.5, 0.99].map((part) => timesNs[Math.floor(timesNs.length * part)]! / 1000) as [number, number]
}
