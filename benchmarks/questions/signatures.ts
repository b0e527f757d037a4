import { hrtime } from 'node:process'
import { silentLogger, systemClock, systemRandom } from '@millrace/ports'
import { credential, signed, type WireRequest } from '../../packages/server/src/gateway/signature/signature-fixture.ts'
import { SignatureVerifier } from '../../packages/server/src/gateway/signature/signature-verifier.ts'
import type { Credentials } from '../../packages/server/src/identity/credentials.ts'
import { atMost, type Effort, type Question, type Values } from '../question.ts'

/*
 * The verifier alone, in this process: what a signature costs, and whether the time tells a key that nobody has from a known
 * one that signs wrongly.
 */

const costTitle = 'A signature verified, 1 KB'
const costLargeTitle = 'A signature verified, 64 KB'
const timingTitle = 'An unknown key against a wrong one: Welch’s t'

export const signatures: Question = {
  name: 'signatures',
  asks: 'Processor time to verify a signature; and the times of unknown and wrong keys, compared by Welch’s t-test',
  figures: [
    { title: costTitle, unit: 'µs', better: 'less', must: [atMost(costTitle, 20, 'µs')] },
    { title: costLargeTitle, unit: 'µs', better: 'less' },
    { title: timingTitle, unit: 't', better: 'less', must: [atMost(timingTitle, 4.5, '')] },
  ],
  peers: [],
  measure: async (_, effort) => measureAll(effort),
}

function measureAll({ quick }: Effort): Values {
  const known = credential('AKIDKNOWNKNOWNKNOWN1', 'right+secret/right+secret')
  const credentials: Credentials = { find: (id) => (id === known.accessKeyId ? known : undefined) }
  const services = new Set(['fake'])
  const own = { clock: systemClock, random: systemRandom, logger: silentLogger }
  const verifier = new SignatureVerifier({ credentials, region: 'us-east-1', services, ...own })
  const atMs = systemClock.nowMs()
  const cpuUs = (bytes: number, times: number): number => {
    const request = signed(post(bytes), { atMs, key: known })
    const all = () => {
      for (let i = 0; i < times; i++) if (!verifier.prove(request, request.body).credential) throw new Error('refused')
    }
    all()
    const before = process.cpuUsage()
    all()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / times
  }
  const times = quick ? 2_000 : 50_000
  const wrong = signed(post(1024), { atMs, key: { ...known, secret: 'wrong+secret/wrong+secret' } })
  const nobody = signed(post(1024), { atMs, key: credential('AKIDNOBODYNOBODY0001', 'wrong+secret/wrong+secret') })
  return [
    cpuUs(1024, times),
    cpuUs(64 * 1024, times / 10),
    compared(verifier, [wrong, nobody], quick ? 20_000 : 1_000_000),
  ]
}

const post = (bytes: number): WireRequest => ({
  method: 'POST',
  url: '/',
  rawHeaders: [
    ...['Host', 'localhost:4567', 'Content-Type', 'application/x-amz-json-1.1', 'X-Amz-Target', 'Fake_1.Echo'],
    ...['Amz-Sdk-Request', 'attempt=1; max=3', 'X-Amz-User-Agent', 'aws-sdk-js/3.1143.0 os/linux lang/js'],
  ],
  body: Buffer.alloc(bytes, 'a'),
})

/** Of two kinds in a random order; what took longest of either is left out, for it is the machine's. */
function compared(verifier: SignatureVerifier, requests: readonly [WireRequest, WireRequest], count: number): number {
  const nanoseconds = [new Float64Array(count), new Float64Array(count)] as const
  const taken: [number, number] = [0, 0]
  while (taken[0] + taken[1] < count) {
    const which = Math.random() < 0.5 ? 0 : 1
    const request = requests[which]
    const before = hrtime.bigint()
    verifier.prove(request, request.body)
    nanoseconds[which][taken[which]++] = Number(hrtime.bigint() - before)
  }
  const all = [0, 1].flatMap((which) => [...nanoseconds[which as 0 | 1].subarray(0, taken[which as 0 | 1])])
  const bound = Float64Array.from(all).sort()[Math.floor(all.length * 0.9)]!
  const [a, b] = [0, 1].map((which) => {
    const kept = nanoseconds[which as 0 | 1].subarray(0, taken[which as 0 | 1]).filter((ns) => ns < bound)
    const mean = kept.reduce((sum, ns) => sum + ns, 0) / kept.length
    const variance = kept.reduce((sum, ns) => sum + (ns - mean) ** 2, 0) / (kept.length - 1)
    return { mean, ofMean: variance / kept.length }
  }) as [Sample, Sample]
  return Math.abs(a.mean - b.mean) / Math.sqrt(a.ofMean + b.ofMean)
}

type Sample = { readonly mean: number; readonly ofMean: number }
