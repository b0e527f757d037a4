import assert from 'node:assert/strict'
import test from 'node:test'
import { fasterThanLinear } from './attacks.ts'
import { Expression } from './backtracking.ts'
import { expressionsIn, expressionsMadeBy, type Found, productFiles } from './found-expressions.ts'

/*
 * No regular expression of the product takes more than a number of steps that grows with the text: neither (a+)+$, nor the many
 * that are merely quadratic, of which a text of a megabyte makes hours. Steps are counted, no time is measured.
 */

/** Those whose text cannot be long, and why. */
const boundedTexts: Readonly<Record<string, string>> = {
  '^jdbc:(redshift|postgresql):\\/\\/((?!-)[A-Za-z0-9-]{1,63}(?<!-)\\.)+(redshift(-serverless)?)\\.([a-zA-Z0-9.-]+):\\d{1,5}\\/[a-zA-Z0-9_$-]+$':
    "AWS's own, told in its errors; ClusterJDBCURL has at most 512 characters",
}

/** Who makes expressions as it runs, and of what. Those that are made when the file is loaded are looked at all the same. */
const makers: Readonly<Record<string, string>> = {
  'agent/src/files/glob.ts': "patterns of the operator's, on names of files",
  'agent/src/processing/java-pattern.ts': "patterns of the operator's, run with V8's linear engine or a time limit",
  'agent/src/sending/assume-role.ts': '<NAME>([^<]*)</NAME>, with names that stand there',
  'formats/src/columnar/json/joda-pattern.ts': 'fields of a timestamp, each once and each of a bounded length',
  'server/src/core/map-shape.ts': 'constraints of operations, when these are loaded',
  'server/src/core/shapes.ts': 'constraints of operations, when these are loaded',
  'server/src/services/firehose/settings/partitioning.ts': 'prefixes, which have at most 1,024 characters',
  'server/src/services/firehose/transforms/partitioning/plain-query.ts': 'when it is loaded',
  'server/src/services/lambda/blueprints/apache-log.ts': 'when it is loaded',
  'server/src/services/lambda/blueprints/syslog.ts': 'when it is loaded',
  'server/src/services/lambda/functions/function-definition.ts': 'names that stand there',
}

const loaded = [
  ...['streams', 'dynamodb', 'firehose', 'glue', 'lambda', 'cloudwatch', 'sts'].map((name) => `${name}/service.ts`),
  'firehose/transforms/partitioning/plain-query.ts',
  'lambda/blueprints/apache-log.ts',
  'lambda/blueprints/syslog.ts',
  'lambda/functions/function-definition.ts',
]

const files = productFiles().map((path) => ({ path, ...expressionsIn(path) }))

test('the check finds what grows faster than its text, and lets go what does not', () => {
  const quadratic = ['a+$', '^\\d*\\d*x', '!\\{ns:([^}]*)\\}', '^(.*?) \\[([^\\]]+)\\] "', '<!--.*?-->', '(?<=a+)b']
  const worse = ['^(a+)+$', '^(a|a)*$', '(x+x+)+y', '^(ab)*(ab)*$', '(a|b|ab)*c', '^(?:(\\w)\\1*)*$', '^(a?b?)*$x']
  for (const source of [...quadratic, ...worse])
    assert.ok(fasterThanLinear(new Expression(source, '')), `/${source}/ is not found`)
  const linear = ['^a+$', '"([^"]*)"', '^(?=.*a)(?=.*b)', '(?<!0)0+$', '^[a-z]{1,128}(-[a-z]{1,64})*$', '(\\d{4})-\\1']
  for (const source of linear)
    assert.equal(fasterThanLinear(new Expression(source, '')), undefined, `/${source}/ is no fault`)
})

test('no regular expression that is written down takes more than linear time', () => {
  const literals = files.flatMap(({ literals }) => literals)
  assert.ok(literals.length > 250, `${literals.length} were found`)
  assert.deepEqual(faultsOf(literals), [])
})

test('no regular expression that is made when the product is loaded takes more than linear time', async () => {
  const made = await expressionsMadeBy(() =>
    Promise.all(loaded.map((path) => import(`../../packages/server/src/services/${path}`))),
  )
  assert.ok(made.length > 60, `${made.length} were made`)
  assert.deepEqual(faultsOf(made.map((each) => ({ ...each, path: 'made when loaded' }))), [])
})

test('no pattern of timestamps that a client gives makes one that takes more than linear time', async () => {
  const { jodaPattern } = await import('../../packages/formats/src/columnar/json/joda-pattern.ts')
  const patterns = ["yyyyMMMM'a'E'a'z'a'SSSS", 'SSSSyyyydDHkKhms', "E'a'MMMzz", 'MMMEyyyyyyyyyyyyyyyyyyyy']
  const made = await expressionsMadeBy(async () => patterns.map(jodaPattern))
  assert.equal(made.length, patterns.length)
  assert.deepEqual(faultsOf(made.map((each) => ({ ...each, path: 'joda-pattern.ts' }))), [])
  assert.throws(() => jodaPattern("yyyyE'a'E'a'E'a'E"), /one of them twice/)
})

test('whoever makes regular expressions as it runs is known, and why that is no way to hold a server up', () => {
  const found = files.filter(({ makesOthers }) => makesOthers).map(({ path }) => path)
  assert.deepEqual(new Set(found), new Set(Object.keys(makers)))
})

function faultsOf(found: readonly Found[]): string[] {
  const once = new Map(found.map((each) => [`/${each.source}/${each.flags}`, each]))
  return [...once].flatMap(([written, { path, source, flags }]) => {
    if (Object.hasOwn(boundedTexts, source)) return []
    const growth = fasterThanLinear(new Expression(source, flags))
    if (!growth) return []
    const { prefix, piece, suffix } = growth.attack
    const text = `${JSON.stringify(prefix)} + ${JSON.stringify(piece)}.repeat(n) + ${JSON.stringify(suffix)}`
    return [`${path}: ${written} takes more than linear time for ${text}`]
  })
}
