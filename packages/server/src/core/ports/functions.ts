/** What a function answered. */
export type FunctionAnswer = {
  /** `Unhandled` or `Handled` where the function failed: then the payload says how. */
  readonly functionError?: string | undefined
  /** JSON. */
  readonly payload: Uint8Array
}

/** Runs Lambda functions, for those inside the server who pass records through one. */
export interface FunctionInvoker {
  /**
   * @param functionName name or ARN, perhaps with a version or an alias
   * @param payload JSON of at most 6 MB
   * @throws FunctionNotInvoked
   */
  invoke(functionName: string, payload: Uint8Array, signal: AbortSignal): Promise<FunctionAnswer>
}

/** A function that was not run, or of which nothing is known. */
export class FunctionNotInvoked extends Error {
  readonly reason: 'access denied' | 'not found' | 'role not assumed' | 'throttled' | 'unreachable'

  constructor(reason: FunctionNotInvoked['reason'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}
