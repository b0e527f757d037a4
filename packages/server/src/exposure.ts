import type { Logger } from '@millrace/ports'
import { isLoopback } from './core/loopback.ts'
import { ConfigError } from './option-values.ts'

type Asked = { readonly identity?: unknown; readonly insecure?: boolean; readonly tls?: unknown }

/** Whoever reaches a server without an identity file may do everything: that shall be wanted. @throws ConfigError */
export function checkExposure(host: string, { identity, insecure, tls }: Asked, logger: Logger): void {
  if (isLoopback(host)) return
  if (identity !== undefined) {
    if (!tls)
      logger.log(
        'warn',
        'without TLS, records pass the network in the clear: give --tls-cert and --tls-key, or --tls',
        {
          host,
        },
      )
    return
  }
  if (!insecure)
    throw new ConfigError(
      `${host} is beyond this machine, and without an identity file anyone who reaches it may do everything: ` +
        'give --identity FILE (millrace identity init makes one), or --insecure',
    )
  logger.log('warn', 'no identity file: anyone who reaches this address may read, write and delete everything', {
    host,
  })
}
