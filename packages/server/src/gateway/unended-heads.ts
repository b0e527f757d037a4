import type { ServerHttp2Session } from 'node:http2'
import type { Clock } from '@millrace/ports'

type Watched = {
  /** The highest stream whose head is known to have ended. */
  ended: number
  /** A stream that has begun and may not have ended its head, and since when. */
  doubt?: { readonly stream: number; readonly sinceMs: number }
}

/** How often sessions are looked at within the time that a head has. */
const looksPerTimeout = 4

/**
 * Ends sessions of HTTP/2 whose client begins a head (HEADERS, CONTINUATION) and does not end it in `timeoutMs`, or up to a
 * quarter more. Node times no heads of HTTP/2, and tells of a stream only when its head has ended.
 *
 * That a stream has begun is seen in the session's state. It may also have been refused below Node; so the client is pinged:
 * nothing may stand between the frames of a head (RFC 9113, section 6.10), so whoever answers has ended it.
 */
export class UnendedHeads {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #sessions = new Map<ServerHttp2Session, Watched>()
  #stopTimer: (() => void) | undefined

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  watch(session: ServerHttp2Session): void {
    const watched: Watched = { ended: 0 }
    this.#sessions.set(session, watched)
    session.on('stream', ({ id = 0 }) => {
      if (id > watched.ended) watched.ended = id
    })
    session.on('close', () => {
      this.#sessions.delete(session)
      if (this.#sessions.size === 0) this.#rest()
    })
    this.#stopTimer ??= this.#lookLater()
  }

  #rest(): void {
    this.#stopTimer?.()
    this.#stopTimer = undefined
  }

  #lookLater(): () => void {
    return this.#clock.after(this.#timeoutMs / looksPerTimeout, () => {
      const nowMs = this.#clock.monotonicMs()
      for (const [session, watched] of this.#sessions) if (!session.destroyed) this.#look(session, watched, nowMs)
      this.#stopTimer = this.#sessions.size > 0 ? this.#lookLater() : undefined
    })
  }

  #look(session: ServerHttp2Session, watched: Watched, nowMs: number): void {
    const stream = session.state.lastProcStreamID ?? 0
    const { doubt } = watched
    if (stream <= watched.ended) return
    if (doubt?.stream === stream) {
      if (nowMs - doubt.sinceMs >= this.#timeoutMs) session.destroy()
      return
    }
    watched.doubt = { stream, sinceMs: nowMs }
    session.ping((unanswered) => {
      if (!unanswered && stream > watched.ended) watched.ended = stream
    })
  }
}
