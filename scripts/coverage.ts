/*
 * How much of the storage its tests reach. Fails below 95 % of lines.
 *
 *   npm run coverage
 */

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'

const linesMin = 95
const storage = 'packages/server/src/storage'

/** What is there for tests alone. */
const forTests = ['**/*.test.ts', '**/*fixture.ts', '**/contract.ts', '**/faulty-disk.ts']

const { status } = spawnSync(
  process.execPath,
  [
    '--test',
    '--test-concurrency=2',
    '--experimental-test-coverage',
    `--test-coverage-include=${storage}/**/*.ts`,
    ...forTests.map((pattern) => `--test-coverage-exclude=${pattern}`),
    `--test-coverage-lines=${linesMin}`,
    `${storage}/**/*.test.ts`,
    'packages/server/src/commands/inspect.test.ts',
  ],
  { cwd: join(import.meta.dirname, '..'), stdio: 'inherit' },
)
process.exitCode = status ?? 1
