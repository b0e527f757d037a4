import type { MillraceOptions } from 'millrace'

/** The key of every client in these tests. A server without an identity file takes any key. */
export const testKey = { accessKeyId: 'MILLRACETESTSONLY001', secretAccessKey: 'no+secret/but/one+for/tests' }

/** The same in the environment of a client that is a process of its own. */
export const testKeyInEnvironment = {
  AWS_ACCESS_KEY_ID: testKey.accessKeyId,
  AWS_SECRET_ACCESS_KEY: testKey.secretAccessKey,
}

/**
 * AUTHENTICATION=on has the servers of these tests take that key alone, and really verify what is signed by it: `npm test --
 * authenticated` runs the clients once more so.
 */
export const authentication = process.env.AUTHENTICATION === 'on'

const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }

/** A role that a service acts by. */
const roleOf = (name: string, service: string) => ({
  name,
  policies: [everything],
  trustPolicy: {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  },
})

/** Who has the key may do everything: what policies allow is tried elsewhere. */
export const identityOfTests: NonNullable<MillraceOptions['identity']> = {
  users: [
    {
      name: 'tests',
      accessKeys: [{ id: testKey.accessKeyId, secret: testKey.secretAccessKey }],
      policies: [everything],
    },
  ],
  roles: [
    roleOf('channel', 'kinesis.amazonaws.com'),
    roleOf('millrace', 'lambda.amazonaws.com'), // of functions that name none
  ],
}

export const authenticationOptions: Pick<MillraceOptions, 'identity'> = authentication
  ? { identity: identityOfTests }
  : {}

/** A reason to skip scenarios that take long, and of which another one stands for all when authentication is on. */
export const onceWithAuthentication = authentication
  ? 'one scenario of this client is run with authentication'
  : undefined
