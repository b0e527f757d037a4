/** A document that is no policy, or not one of its kind. Who was given it answers with the error of its service. */
export class MalformedPolicy extends Error {
  /** Where, e.g. `Statement[1].Condition.NumericEquals`; undefined where the whole is at fault. */
  readonly place: string | undefined
  /** `size`: the document is one, only too large. */
  readonly reason: 'document' | 'size'

  /** @param sentence as AWS's IAM says it in MalformedPolicyDocument */
  constructor(sentence: string, place?: string, reason: MalformedPolicy['reason'] = 'document') {
    super(sentence)
    this.name = 'MalformedPolicy'
    this.place = place
    this.reason = reason
  }
}

/*
 * AWS's sentences, as its IAM was seen to answer: the tests of moto and of other emulators hold the answers that they
 * recorded. Where AWS says only that something is wrong, `place` says what.
 */

export const invalidJson = () => new MalformedPolicy('This policy contains invalid Json')

export const syntaxErrors = (place?: string) => new MalformedPolicy('Syntax errors in policy.', place)

export const failedLegacyParsing = (place: string) => new MalformedPolicy('The policy failed legacy parsing', place)

export const statementIdsNotUnique = (place: string) =>
  new MalformedPolicy('Statement IDs (SID) in a single policy must be unique.', place)

export const statementIdNotAlphanumeric = (place: string) =>
  new MalformedPolicy(
    'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    place,
  )

export const actionsMissing = (place: string) => new MalformedPolicy('Policy statement must contain actions.', place)

export const resourcesMissing = (place: string) =>
  new MalformedPolicy('Policy statement must contain resources.', place)

export const vendorMissing = (place: string) =>
  new MalformedPolicy('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.', place)

export const tooManyColons = (place: string) =>
  new MalformedPolicy('Actions/Condition can contain only one colon.', place)

export const vendorNotValid = (vendor: string, place: string) =>
  new MalformedPolicy(`Vendor ${vendor} is not valid`, place)

export const resourceNoArn = (resource: string, place: string) =>
  new MalformedPolicy(`Resource ${resource} must be in ARN format or "*".`, place)

export const partitionNotValid = (partition: string, completedArn: string, place: string) =>
  new MalformedPolicy(`Partition "${partition}" is not valid for resource "${completedArn}".`, place)

export const resourceVendorNotQualified = (place: string) =>
  new MalformedPolicy('Resource vendor must be fully qualified and cannot contain regexes.', place)

export const principalNotAllowed = (place: string) =>
  new MalformedPolicy('Policy document should not specify a principal.', place)

export const fieldMissing = (field: string, place: string) =>
  new MalformedPolicy(`Missing required field ${field}`, place)

export const invalidPrincipal = (type: string, principal: string, place: string) =>
  new MalformedPolicy(`Invalid principal in policy: "${type}":"${principal}"`, place)

export const resourceProhibited = (place: string) => new MalformedPolicy('Has prohibited field Resource', place)

export const trustPolicyNotResource = (place: string) =>
  new MalformedPolicy('AssumeRole policy must not contain resources.', place)

export const trustPolicyNotPrincipal = (place: string) =>
  new MalformedPolicy('AssumeRole policy must not contain NotPrincipal field.', place)

export const trustPolicyActions = (place: string) =>
  new MalformedPolicy('AssumeRole policy may only specify STS AssumeRole actions.', place)

export const policyTooLarge = (sizeMax: number) =>
  new MalformedPolicy(`Maximum policy size of ${sizeMax} bytes exceeded`, undefined, 'size')
