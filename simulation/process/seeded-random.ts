/** Chance that can be had again: the same seed gives the same numbers, from 0 to below 1. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  // Marsaglia's xorshift, 32 bits, behind a multiplication that spreads small seeds.
  state = Math.imul(state ^ 0x9e3779b9, 0x85ebca6b) || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

/** From `CRASH_SEED`, or another one each time: whoever uses it prints it. */
export const chosenSeed = (): number => Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000)
