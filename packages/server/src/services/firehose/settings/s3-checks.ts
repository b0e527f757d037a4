import { invalidArgument } from '../../../core/aws-error.ts'
import { checkPrefixes, type Prefixes } from './prefix-checks.ts'
import type { S3Settings } from './settings.ts'

type S3 = Prefixes & Pick<S3Settings, 'EncryptionConfiguration'>

/** What AWS demands of every bucket that a destination names. @throws InvalidArgumentException */
export function checkS3(settings: S3, isPartitioned: boolean): void {
  checkPrefixes(settings, isPartitioned)
  const { KMSEncryptionConfig, NoEncryptionConfig } = settings.EncryptionConfiguration ?? {
    NoEncryptionConfig: 'NoEncryption',
  }
  if ((KMSEncryptionConfig === undefined) === (NoEncryptionConfig === undefined))
    throw invalidArgument('Exactly one of NoEncryptionConfig or KMSEncryptionConfig must be specified')
}
