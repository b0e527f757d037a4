/** How far the flights have come: into the stream, and out of Firehose. */
export type LakeProgress = {
  readonly total: number
  readonly put: number
  readonly buffered: number
  readonly delivered: number
  readonly objects: number
  /** What the server's clock shows. */
  readonly nowMs: number
}

const barWidth = 30

/** Shows a line that changes in a terminal, and a line every few seconds elsewhere. Returns what stops it. */
export function showLakeProgress(progress: () => LakeProgress, out: NodeJS.WriteStream): () => void {
  const show = () => {
    const line = progressLine(progress())
    out.write(out.isTTY ? `\r\x1b[2K${line.slice(0, out.columns - 1)}` : `${line}\n`)
  }
  const timer = setInterval(show, out.isTTY ? 200 : 2_000)
  return () => {
    clearInterval(timer)
    show()
    if (out.isTTY) out.write('\n')
  }
}

/** `█` is delivered, `▒` is in the stream. */
function progressLine({ total, put, buffered, delivered, objects, nowMs }: LakeProgress): string {
  const width = (count: number) => Math.floor((count / total) * barWidth)
  const bar = '█'.repeat(width(delivered)).padEnd(width(put), '▒').padEnd(barWidth, '░')
  const number = (count: number) => count.toLocaleString('en')
  return [
    `${new Date(nowMs).toISOString().slice(11, 19)}  ${bar}`,
    `put ${number(put)}`,
    `buffered ${number(buffered)}`,
    `delivered ${number(delivered)} in ${number(objects)} objects`,
  ].join('  ')
}
