import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { writeOrc } from '../../packages/formats/src/columnar/orc/orc-file.ts'
import { batchesOf, type OrcCase } from './orc-files.ts'
import { snappy } from './snappy.ts'

/** Writes the cases' files into a folder that goes with the test; gives where they are. */
export async function written(t: TestContext, cases: readonly OrcCase[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-orc-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const paths: string[] = []
  for (const [i, one] of cases.entries()) {
    const path = join(folder, `${i}.orc`)
    await writeFile(path, writeOrc(one.schema, batchesOf(one), one.options, snappy))
    paths.push(path)
  }
  return paths
}

export async function linesOf(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8')
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}
