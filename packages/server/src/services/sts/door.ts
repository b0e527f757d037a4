import type { ServiceFace } from '../../core/operation.ts'

/* What is known of STS before its code is loaded. */

export const face: ServiceFace = {
  name: 'sts',
  isGlobal: true,
  targetPrefix: 'AWSSecurityTokenServiceV20110615',
  query: {
    version: '2011-06-15',
    xmlNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    errorCodes: new Map(),
  },
}
