export type OutboundRequest = {
  /** `http://` or `https://` */
  readonly url: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | undefined
  /** From when there is a connection to send it on, or one is being made, to the last byte that is received. */
  readonly timeoutMs: number
  readonly responseBytesMax: number
}

export type OutboundResponse = {
  readonly status: number
  /** By names in lower case; several of one name are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/**
 * The network, for those who bring records to addresses that a client named. What is loopback, link-local or private is not
 * reached unless the operator allowed it; a redirect is an answer like any other.
 */
export interface Outbound {
  /**
   * Sends once; again at once, on a new connection, only if the one that was kept from an earlier request turns out to be
   * closed before anything of an answer came. @throws OutboundFailed
   */
  request(request: OutboundRequest, signal: AbortSignal): Promise<OutboundResponse>
  /** The address to connect to, for other protocols: a name is resolved once, here. @throws OutboundFailed */
  resolve(host: string): Promise<string>
  /** Lets go of connections that are kept for the next request. */
  close(): void
}

/** Why a request had no answer. */
export type OutboundFailure =
  | 'forbidden address'
  | 'unknown host'
  | 'connection failed'
  | 'connection reset'
  | 'handshake failed'
  | 'timeout'
  | 'invalid response'
  | 'response too large'

export class OutboundFailed extends Error {
  readonly failure: OutboundFailure

  constructor(failure: OutboundFailure, message: string, options?: ErrorOptions) {
    super(message, options)
    this.failure = failure
  }
}
