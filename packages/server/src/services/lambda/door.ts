import type { ServiceFace } from '../../core/operation.ts'

/* What is known of Lambda before its code is loaded. */

export const face: ServiceFace = { name: 'lambda', targetPrefix: 'AWSLambda', restPath: /^\/2015-03-31\// }

/** Where the catalog keeps the event source mappings: while there is one, something may be to deliver. */
export const mappingPrefix = 'lambda/mapping/'
