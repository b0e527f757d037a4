/* What an invocation is, whoever runs the function. */

export type Invocation = {
  readonly requestId: string
  /** JSON. */
  readonly event: Uint8Array
  /** What the caller gave as X-Amz-Client-Context, decoded JSON. */
  readonly clientContext?: string | undefined
}

export type InvocationResult = {
  /** What the function answered, or AWS's `{ errorMessage, errorType, trace }`. JSON. */
  readonly payload: Uint8Array
  /** Absent when the function succeeded. */
  readonly functionError?: 'Unhandled' | 'Handled'
  /** The end of what the function wrote to its log. */
  readonly logTail: string
}

/** Runs one function. */
export interface Invoker {
  /**
   * Runs it; waits for a free place if `mayWait`. Never rejects for what a function does: that is a result.
   * @throws TooManyRequests when no place is free, FunctionUnreachable when it cannot be asked
   */
  invoke(invocation: Invocation, mayWait: boolean, signal?: AbortSignal): Promise<InvocationResult>
  /** Ends what runs, and leaves nothing behind. */
  stop(): Promise<void>
}

/** All places of the function are taken. */
export class NoPlaceFree extends Error {}

/** The function could not be asked: nothing is known of it, and asking again is right. */
export class FunctionUnreachable extends Error {}

/** An error as AWS's runtimes report it. */
export function errorResult(errorType: string, errorMessage: string, logTail = '', trace?: string[]): InvocationResult {
  const payload = Buffer.from(JSON.stringify({ errorType, errorMessage, ...(trace && { trace }) }))
  return { payload, functionError: 'Unhandled', logTail }
}
