import { AwsError } from '../core/aws-error.ts'

/**
 * What AWS's front end answers to whoever may not ask, before any service is asked. Each protocol has its own status for it:
 * see `Protocol.refusalStatus`.
 */
export class Refusal extends AwsError {}
