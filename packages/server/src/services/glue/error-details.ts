import { AwsError } from '../../core/aws-error.ts'

/** Does each, one after the other; what AWS's batches tell of those that failed. */
export async function errorDetails(names: readonly string[], act: (name: string) => Promise<void>) {
  const failed: { of: string; ErrorDetail: { ErrorCode: string; ErrorMessage: string } }[] = []
  for (const name of names)
    try {
      await act(name)
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      failed.push({ of: name, ErrorDetail: { ErrorCode: error.code, ErrorMessage: error.message } })
    }
  return failed
}
