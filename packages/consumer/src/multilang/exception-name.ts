import { InvalidCheckpointError, LeaseLostError } from '../checkpointer.ts'

/**
 * What KCL's checkpointer would throw, by the simple name of the exception: programs compare it, some to try again. What is
 * not of the consumer itself came from the lease table's service: a dependency's fault.
 */
export function exceptionNameOf(error: unknown): string {
  if (error instanceof LeaseLostError) return 'ShutdownException'
  if (error instanceof InvalidCheckpointError) return 'IllegalArgumentException'
  const name = error instanceof Error ? error.name : ''
  if (/Throttl|ProvisionedThroughputExceeded|RequestLimitExceeded/.test(name)) return 'ThrottlingException'
  // KCL's: the lease table is not there, so no later try can succeed.
  if (name === 'ResourceNotFoundException') return 'InvalidStateException'
  return 'KinesisClientLibDependencyException'
}
