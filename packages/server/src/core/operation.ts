import type { AuditRule, Need, ResourceGuard } from './access.ts'
import type { Caller } from './caller.ts'
import type { Shape } from './shapes.ts'

/** What a handler learns about the call beside its input. */
export type Call = {
  readonly requestId: string
  readonly caller: Caller
  /** Aborts when the client goes away or the server stops: long answers end by it. */
  readonly signal: AbortSignal
}

/** Calls each second that one account, or one resource of it, may make before it is refused (`ServiceFace.throttledBy`). */
export type CallRate = { readonly perSecond: number; readonly per: 'account' | 'resource' }

/**
 * The place of an operation in a REST service (Lambda, Video Streams), by AWS's model: `{Name}` in the path, and the
 * members listed as query, header or payload, come from there; all else comes from a JSON body.
 */
export type HttpBinding = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH'
  /** e.g. `/2015-03-31/functions/{FunctionName}/invocations` */
  readonly path: string
  /** Input member → name in the query string. */
  readonly query?: Readonly<Record<string, string>>
  /** Input member → header, in small letters. */
  readonly headers?: Readonly<Record<string, string>>
  /** The member that is the whole body, as bytes. */
  readonly payload?: string
  /** Status of the answer. @default 200 */
  readonly status?: number
}

/** A REST answer that is more than JSON: its own status, headers, or bytes as the whole body. */
export class HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Bytes as they are, or an output for the protocol to render. */
  readonly body: unknown

  constructor(status: number, headers: Readonly<Record<string, string>>, body: unknown) {
    this.status = status
    this.headers = headers
    this.body = body
  }
}

/**
 * One AWS operation: what it accepts, whom it concerns, what it does. Output needs no shape: a `Date` is a timestamp,
 * a `Uint8Array` a blob, `undefined` an empty answer, an `AsyncIterable` (see `EventStream`) an event stream.
 */
export type Operation<Context, Input> = {
  readonly name: string
  readonly input: Shape<Input>
  /** The resource for authorization and for rates, e.g. `stream/name`; undefined where the account is concerned. */
  readonly resource: (input: Input, context: Context) => string | undefined
  /** What must be allowed. @default this operation of its service on `resource`, or on `*` without one */
  readonly needs?: (input: Input, context: Context) => readonly Need[]
  readonly audit?: AuditRule
  readonly rate?: CallRate
  /** Where a REST service has it; absent where `X-Amz-Target`, `Action=` or RPC's path names the operation. */
  readonly http?: HttpBinding
  /** The input's bytes are the call's: they are gone when it is answered, and what is to stay must be copied. */
  readonly handle: (context: Context, input: Input, call: Call) => Promise<unknown>
}

/** Declares an operation; it is only the types that it ties together. */
export const operation = <Context, Input>(declared: Operation<Context, Input>): Operation<Context, Input> => declared

/** What a service is called in the Query protocol. */
export type QueryNames = {
  /** What requests say as `Version=`, e.g. `2010-08-01`. */
  readonly version: string
  /** `xmlns` of its answers. */
  readonly xmlNamespace: string
  /** Exception → its code there, where the two differ: `InvalidParameterValueException` → `InvalidParameterValue`. */
  readonly errorCodes: ReadonlyMap<string, string>
}

/** What the gateway must know of a service to find it. */
export type ServiceFace = {
  /** As in ARNs and in the scope of signatures, e.g. `kinesis`. */
  readonly name: string
  /** What stands before the colon of IAM actions. @default `name` */
  readonly actionPrefix?: string
  /** What stands before the dot in `X-Amz-Target`, e.g. `Kinesis_20131202`. */
  readonly targetPrefix: string
  /** `1.0` for services whose JSON is `application/x-amz-json-1.0` (DynamoDB, CloudWatch). @default '1.1' */
  readonly jsonVersion?: '1.0' | '1.1'
  /** What `__type` of an error begins with, e.g. `com.amazonaws.dynamodb.v20120810#`. @default '' */
  readonly errorPrefix?: string
  /** For a service that also speaks the Query protocol: a form in, XML out. */
  readonly query?: QueryNames
  /** Answers carry the CRC-32 of their body in `x-amz-crc32`, as DynamoDB's do. @default false */
  readonly crc32?: boolean
  /** Paths that are this REST service's. */
  readonly restPath?: RegExp
  /** Its clients may know one endpoint for all regions, and sign for `us-east-1` whatever the server's is. @default false */
  readonly isGlobal?: boolean
  /** Takes request bodies that are compressed with gzip. @default false */
  readonly gzip?: boolean
  /** What refuses a call above its operation's rate. @default 'LimitExceededException' */
  readonly throttledBy?: 'LimitExceededException' | 'ThrottlingException'
}

/** A service as the gateway sees it: a table of operations and what they work on. */
// biome-ignore lint/suspicious/noExplicitAny: the gateway hands a service its own context back, whatever it is
export type Service<Context = any> = ServiceFace & {
  // biome-ignore lint/suspicious/noExplicitAny: each operation has its own input; its own shape has checked it
  readonly operations: ReadonlyMap<string, Operation<Context, any>>
  readonly context: Context
  readonly guard?: ResourceGuard
}

/** A service whose code is loaded when it is first called, or has something to do: most servers need few of them. */
export type SleepingService = ServiceFace & { readonly wake: () => Promise<Service> }

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
