/*
 * A thread beside a handler. One that loops does not hear that the server was killed: here someone looks whether the server
 * still is the process's parent, and ends the process if not.
 */

import { workerData } from 'node:worker_threads'
import { foregroundClock } from '@millrace/ports'

const checkMs = 1000

while (process.ppid === (workerData as { readonly serverPid: number }).serverPid) await foregroundClock.sleep(checkMs)
process.kill(process.pid, 'SIGKILL')
