import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** About what one put of 500 × 1 KB brings. Millrace syncs the puts of several connections together: 2.5 MB in the median of 16. */
const commitBytes = 512 * 1024

/** The file is begun anew at this length, as the segments of a log are. */
const fileBytesMax = 64 * 1024 * 1024

/** What the disk takes, in bytes a second, when one program does nothing but append a commit and fdatasync it, in turn. */
export function measureDisk(seconds: number): number {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-disk-'))
  const commit = Buffer.alloc(commitBytes, 'a commit')
  let file = openSync(join(folder, '0'), 'w')
  const startedAtMs = performance.now()
  let written = 0
  try {
    while (performance.now() - startedAtMs < seconds * 1000) {
      if (written > 0 && written % fileBytesMax === 0) {
        closeSync(file)
        file = openSync(join(folder, String(written)), 'w')
      }
      written += writeSync(file, commit)
      fdatasyncSync(file)
    }
    return written / ((performance.now() - startedAtMs) / 1000)
  } finally {
    closeSync(file)
    rmSync(folder, { recursive: true, force: true })
  }
}
