import type { TemporaryCredentials } from '../../core/temporary-keys.ts'

/** What STS works with. */
export type StsContext = { readonly credentials: TemporaryCredentials }
