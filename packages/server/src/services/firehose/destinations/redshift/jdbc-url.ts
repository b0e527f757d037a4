import { invalidArgument } from '../../../../core/aws-error.ts'

/*
 * jdbc:redshift://cluster.abc.us-east-1.redshift.amazonaws.com:5439/dev     Redshift, by TLS that is verified
 * jdbc:postgresql://10.0.0.7:5432/warehouse?sslmode=require                 any PostgreSQL (with --endpoints any)
 */

/** As libpq and the JDBC driver have it: `prefer` takes TLS if the server has it, `verify-full` alone knows whom it talks to. */
export type SslMode = 'disable' | 'prefer' | 'require' | 'verify-full'

export type Database = {
  readonly isRedshift: boolean
  readonly host: string
  readonly port: number
  readonly database: string
  readonly sslMode: SslMode
}

const pattern =
  /^jdbc:(redshift|postgresql):\/\/(\[[0-9a-fA-F:.]+\]|[^:/[\]]+):(\d{1,5})\/([^/?]+)(?:\?sslmode=([a-z-]+))?$/
const sslModes: readonly string[] = ['disable', 'prefer', 'require', 'verify-full'] satisfies SslMode[]
/** The name of a machine, in a domain of Redshift's: two questions, for as one they would cost the square of its length. */
const isOfRedshift = (host: string) => /^[a-z0-9.-]+$/i.test(host) && /\.redshift(-serverless)?\../i.test(host)

/** @throws InvalidArgumentException */
export function databaseOf(url: string): Database {
  const [, scheme, host, port, database, sslMode] = pattern.exec(url) ?? []
  if (host === undefined || Number(port) > 65_535) throw invalidArgument(`${url} is not the URL of a database.`)
  if (sslMode !== undefined && !sslModes.includes(sslMode))
    throw invalidArgument(`sslmode is one of ${sslModes.join(', ')}, and not ${sslMode}.`)
  const isOfAws = isOfRedshift(host)
  return {
    isRedshift: scheme === 'redshift' || isOfAws,
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port),
    database: database!,
    sslMode: (sslMode as SslMode | undefined) ?? (isOfAws ? 'verify-full' : 'prefer'),
  }
}
