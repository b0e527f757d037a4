import type { ServiceFace } from '../../core/operation.ts'

/* What is known of the table store before its code is loaded. */

export const face: ServiceFace = { name: 'glue', targetPrefix: 'AWSGlue' }
