/** What the gateway holds at once; above it clients wait or are turned away, and those who are in are served. */
export type GatewayLimits = {
  /** Connections from everywhere, at all doors; more are closed as they come. */
  readonly connectionsMax: number
  /** Connections from one IPv4 address, or one IPv6 network (/64). */
  readonly connectionsPerAddressMax: number
  /** Requests from their head to the end of their answer, event streams too; more get 503 ServiceUnavailable. */
  readonly requestsMax: number
  /** Of one user or role, where signatures are verified; more get ThrottlingException. */
  readonly requestsPerPrincipalMax: number
  /** Of all together whose signature has not been verified yet from where they come; more get 503. */
  readonly strangerRequestsMax: number
  /** Bytes of large bodies that are read and worked on; more wait in the clients' sockets. */
  readonly bodyBytesMax: number
  /** Of one user or role, where signatures are verified. */
  readonly bodyBytesPerPrincipalMax: number
  /** Of all strangers together. A larger body comes in when there is no other of theirs. */
  readonly strangerBodyBytesMax: number
  /** Bytes of large answers that clients have not taken yet; above it, whoever has kept one longest is let go of. */
  readonly untakenAnswerBytesMax: number
}

const mib = 1024 * 1024

export const standardGatewayLimits: GatewayLimits = {
  connectionsMax: 20_000,
  connectionsPerAddressMax: 10_000,
  requestsMax: 10_000,
  requestsPerPrincipalMax: 5_000,
  strangerRequestsMax: 500,
  bodyBytesMax: 32 * mib,
  bodyBytesPerPrincipalMax: 16 * mib,
  strangerBodyBytesMax: mib,
  untakenAnswerBytesMax: 256 * mib,
}

/**
 * Takes the gateway's limits out of what an operator has written; the rest is the services'.
 * @throws Error with one line that names the limit
 */
export function takeGatewayLimits<T extends object>(
  chosen: T | 'aws' | 'off',
): { readonly gateway: GatewayLimits; readonly rest: T | 'aws' | 'off' } {
  if (typeof chosen === 'string') return { gateway: standardGatewayLimits, rest: chosen }
  const replaced: Record<string, unknown> = {}
  const rest: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(chosen)) {
    const isOurs = Object.hasOwn(standardGatewayLimits, name)
    if (isOurs && !(Number.isSafeInteger(value) && (value as number) > 0))
      throw new Error(`limits: ${name} must be a whole number above 0`)
    ;(isOurs ? replaced : rest)[name] = value
  }
  return { gateway: { ...standardGatewayLimits, ...replaced }, rest: rest as T }
}
