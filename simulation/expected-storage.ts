import { LogNotFound, type RecordLog } from '../packages/server/src/storage/log.ts'
import type { Storage } from '../packages/server/src/storage/storage.ts'
import { ExpectedCatalog } from './expected-catalog.ts'
import { absent, type ExpectedLog, holds } from './expected-log.ts'
import type { ClockReading } from './simulated-clock.ts'

/** What a storage must hold: the model that runs beside the engine. */
export class ExpectedStorage {
  readonly logs = new Map<string, ExpectedLog>()
  /** Logs whose deletion was acknowledged. */
  readonly gone = new Set<string>()
  catalog = new ExpectedCatalog()

  copy(): ExpectedStorage {
    const copy = new ExpectedStorage()
    for (const [id, log] of this.logs) copy.logs.set(id, log.copy())
    for (const id of this.gone) copy.gone.add(id)
    copy.catalog = this.catalog.copy()
    return copy
  }

  /** Lets time pass for all logs. */
  pass(reading: ClockReading): void {
    for (const log of this.logs.values()) log.pass(reading)
  }

  /** Checks everything that a storage says after a crash or a restart, and goes on from what it said. */
  async check({ log, catalog }: Pick<Storage, 'log' | 'catalog'>, reading: ClockReading): Promise<void> {
    for (const expected of [...this.logs.values()]) {
      if (!(await expected.check(log, reading))) {
        this.logs.delete(expected.id)
        this.gone.add(expected.id)
      }
      expected.forgetAsked()
    }
    for (const id of this.gone) await checkGone(log, id)
    this.catalog.check(catalog)
  }
}

async function checkGone(log: RecordLog, id: string): Promise<void> {
  const found = await log.bounds(id).catch(absent)
  holds(found === undefined, () => `${id}: was deleted and is there: ${new LogNotFound(id).message} was expected`)
}
