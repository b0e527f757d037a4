/** Records and the bytes in them. */
export type Amount = { records: number; bytes: number }

export type LastError = {
  /** Milliseconds since 1970. */
  readonly atMs: number
  readonly code: string
  readonly message: string
}

/** What `millrace deliveries` tells of a delivery stream: sums since the server started, a few numbers for each page. */
export class DeliveryCounts {
  /** Accepted by PutRecord and PutRecordBatch. */
  readonly put: Amount = { records: 0, bytes: 0 }
  /** Read from the source, some of it again after a change of the settings. */
  readonly read: Amount = { records: 0, bytes: 0 }
  /** Taken by the destination, in so many batches. */
  readonly delivered: Amount & { batches: number } = { records: 0, bytes: 0, batches: 0 }
  /** Records that went to the error output, or were gone before they were delivered. */
  failedRecords = 0
  lastError: LastError | undefined
  /** Of those that were put, how many there were when CloudWatch was last told what may be put. */
  reportedPutRecords = 0
}

/** The counts of each delivery stream, by its id: they go on when its settings change. */
export class AllDeliveryCounts {
  readonly #byId = new Map<string, DeliveryCounts>()

  of(id: string): DeliveryCounts {
    const known = this.#byId.get(id)
    if (known) return known
    const made = new DeliveryCounts()
    this.#byId.set(id, made)
    return made
  }

  forget(id: string): void {
    this.#byId.delete(id)
  }
}
