/** Where this server pretends to be: the account and region in every ARN. */
export type Place = {
  /** Twelve digits. */
  readonly accountId: string
  /** e.g. `us-east-1`. */
  readonly region: string
}

/** `arn:aws:kinesis:us-east-1:000000000000:stream/name`; China's and GovCloud's regions have their own partition. */
export const arn = ({ accountId, region }: Place, service: string, resource: string) =>
  `arn:${partitionOf(region)}:${service}:${region}:${accountId}:${resource}`

/** Of a service that is the same in all regions: `arn:aws:iam::000000000000:user/name`. */
export const globalArn = ({ accountId, region }: Place, service: string, resource: string) =>
  `arn:${partitionOf(region)}:${service}::${accountId}:${resource}`

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn'
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws'
}

export type ArnParts = {
  readonly service: string
  readonly region: string
  readonly accountId: string
  readonly resource: string
}

/** Takes an ARN apart; undefined if it is none. The resource keeps its own colons. */
export function parseArn(text: string): ArnParts | undefined {
  const [prefix, partition, service, region, accountId, ...resource] = text.split(':')
  if (prefix !== 'arn' || !partition?.startsWith('aws') || !service || region === undefined || accountId === undefined)
    return undefined
  return { service, region, accountId, resource: resource.join(':') }
}
