/** What shows a row of the table: test files, and of the lines they print with their figures those that belong here. */
export type Proof = { readonly file: string; readonly says?: RegExp }

export type SafetyRow = { readonly tried: string; readonly must: string; readonly proofs: readonly Proof[] }

const storage = 'packages/server/src/storage/embedded'
const real = 'simulation/process'

/** What is done to the storage, and what must hold then. The soak is the last; it is no test, and runs by itself. */
export const safetyRows: readonly SafetyRow[] = [
  {
    tried: 'kill -9 under load, at random and at every call that changes a file',
    must: 'nothing acknowledged lost, twice or out of order; open again within 2 s',
    proofs: [
      { file: `${real}/kill-at-random.test.ts`, says: /acknowledged|reopen/ },
      { file: `${real}/kill-at-every-call.test.ts` },
    ],
  },
  {
    tried: 'power loss, on a simulated disk; bugs planted one by one',
    must: 'nothing acknowledged lost; each of at least 12 bugs found',
    proofs: [{ file: 'simulation/power-loss.test.ts' }, { file: 'simulation/planted-bug.test.ts' }],
  },
  {
    tried: 'the last segment cut at every byte',
    must: 'what was not acknowledged is cut off, all else served',
    proofs: [{ file: `${storage}/damage.test.ts`, says: /cuts of a segment|cuts, all told/ }],
  },
  {
    tried: 'every bit of a segment flipped, blocks zeroed',
    must: 'all noticed and told, later records served',
    proofs: [
      { file: `${storage}/damage.test.ts`, says: /flips, .* noticed|found all other|opened on it|^\d+ blocks$/ },
    ],
  },
  {
    tried: 'a sync that fails, at every one',
    must: 'no false acknowledgement, no second sync of that file',
    proofs: [{ file: `${storage}/faults.test.ts` }, { file: `${real}/failing-calls.test.ts` }],
  },
  {
    tried: 'a full disk, no file handles',
    must: 'reads go on, writes are refused, and taken within 5 s of room',
    proofs: [
      { file: `${storage}/full-disk.test.ts`, says: /refused/ },
      { file: `${real}/full-disk.test.ts` },
      { file: `${real}/few-handles.test.ts` },
    ],
  },
  {
    tried: 'a sync that takes 500 ms',
    must: 'memory bounded, writers wait, reads p99 ≤ 50 ms',
    proofs: [{ file: `${real}/slow-sync.test.ts` }],
  },
  {
    tried: 'the clock a day back, a year forward',
    must: 'sequence numbers rise, nothing expires early',
    proofs: [{ file: 'simulation/clock.test.ts' }],
  },
  {
    tried: 'SIGTERM under load',
    must: 'ended within 10 s, nothing acknowledged lost',
    proofs: [{ file: `${real}/stop-under-load.test.ts` }],
  },
  {
    tried: 'a model of the storage, by fast-check',
    must: '10,000 histories or more, none differs',
    proofs: [{ file: 'simulation/model.test.ts' }],
  },
]
