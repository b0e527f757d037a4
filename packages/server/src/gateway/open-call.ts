import { anySignal } from '@millrace/ports'
import type { Caller } from '../core/caller.ts'
import type { Call } from '../core/operation.ts'
import type { HttpResponse } from './listener.ts'

/** A call that is being answered. Its signal is made when someone asks: few operations do, and it costs some 10 µs. */
export class OpenCall implements Call {
  readonly requestId: string
  readonly caller: Caller
  readonly #response: HttpResponse
  readonly #stopping: AbortSignal
  #signal: AbortSignal | undefined

  constructor(requestId: string, caller: Caller, response: HttpResponse, stopping: AbortSignal) {
    this.requestId = requestId
    this.caller = caller
    this.#response = response
    this.#stopping = stopping
  }

  get signal(): AbortSignal {
    if (!this.#signal) {
      const gone = new AbortController()
      if (this.#response.destroyed) gone.abort()
      else this.#response.once('close', () => gone.abort())
      this.#signal = anySignal([gone.signal, this.#stopping])
    }
    return this.#signal
  }
}
