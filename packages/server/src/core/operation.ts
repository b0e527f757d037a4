import type { Caller } from './caller.ts'
import type { Shape } from './shapes.ts'

/** What a handler learns about the call beside its input. */
export type Call = {
  readonly requestId: string
  readonly caller: Caller
  /** Aborts when the client goes away or the server stops: long answers end by it. */
  readonly signal: AbortSignal
}

/** Calls each second that one account, or one resource of it, may make before LimitExceededException. */
export type CallRate = { readonly perSecond: number; readonly per: 'account' | 'resource' }

/**
 * One AWS operation: what it accepts, whom it concerns, what it does. Output needs no shape: a `Date` is a timestamp,
 * a `Uint8Array` a blob, `undefined` an empty answer, an `AsyncIterable` (see `EventStream`) an event stream.
 */
export type Operation<Context, Input> = {
  readonly name: string
  readonly input: Shape<Input>
  /** The resource for authorization and for rates, e.g. `stream/name`; undefined where the account is concerned. */
  readonly resource: (input: Input, context: Context) => string | undefined
  readonly rate?: CallRate
  /** The input's bytes are the call's: they are gone when it is answered, and what is to stay must be copied. */
  readonly handle: (context: Context, input: Input, call: Call) => Promise<unknown>
}

/** Declares an operation; it is only the types that it ties together. */
export const operation = <Context, Input>(declared: Operation<Context, Input>): Operation<Context, Input> => declared

/** A service as the gateway sees it: a table of operations and what they work on. */
// biome-ignore lint/suspicious/noExplicitAny: the gateway hands a service its own context back, whatever it is
export type Service<Context = any> = {
  /** As in IAM actions and ARNs, e.g. `kinesis`. */
  readonly name: string
  /** What stands before the dot in `X-Amz-Target`, e.g. `Kinesis_20131202`. */
  readonly targetPrefix: string
  // biome-ignore lint/suspicious/noExplicitAny: each operation has its own input; its own shape has checked it
  readonly operations: ReadonlyMap<string, Operation<Context, any>>
  readonly context: Context
}

/**
 * An answer that goes on: each event is `{ EventName: payload }`. An AwsError thrown inside ends it as an exception. A
 * payload never changes: those who get the same object get the same bytes, written once.
 */
export class EventStream {
  readonly events: AsyncIterable<Readonly<Record<string, unknown>>>

  constructor(events: AsyncIterable<Readonly<Record<string, unknown>>>) {
    this.events = events
  }
}
