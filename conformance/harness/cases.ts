import { type TestContext, test } from 'node:test'

/*
 * A case is one statement about what AWS does, and says how it is known:
 *   AWS-observed  recorded against the real service      docs        the developer guide
 *   SDK           types and text of the AWS SDK          unverified  recalled, or our own reading
 */

type Run = (t: TestContext) => Promise<void> | void

/** A reason not to run the case against this target, or undefined. */
type Skip = string | undefined

const provenance = (tag: string) => (statement: string, run: Run, skip?: Skip) =>
  void test(`${statement} [${tag}]`, { ...(skip !== undefined && { skip }), timeout: 600_000 }, run)

export const observed = provenance('AWS-observed')
export const docs = provenance('docs')
export const sdk = provenance('SDK')
export const unverified = provenance('unverified')
