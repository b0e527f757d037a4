import { readFile } from 'node:fs/promises'
import type { parseArgs } from 'node:util'
import type { Random } from '@millrace/ports'
import type { Place } from '../core/arn.ts'
import { explainAccess } from '../identity/explanation.ts'
import { identitiesOf } from '../identity/identities.ts'
import type { AccessKeyDocument, IdentityDocument, PolicyDocument, PolicyEntry } from '../identity/identity-document.ts'
import * as edits from '../identity/identity-edits.ts'
import type { IdentityPlace } from '../identity/identity-place.ts'
import { IdentityError } from '../identity/identity-reader.ts'
import { identityReport } from '../identity/identity-report.ts'
import { newAccessKeyId, newSecret, roleArn, userArn } from '../identity/names.ts'
import { administrator, consumerPolicy, producerPolicy } from '../identity/ready-policies.ts'
import { duplicateKeyIn } from '../policies/duplicate-keys.ts'

/* What `millrace identity` can do: each command, and what it tells. */

const text = { type: 'string' } as const
const flag = { type: 'boolean' } as const
export const options = {
  file: text,
  catalog: flag,
  data: text,
  keyring: text,
  account: text,
  region: text,
  producer: { ...text, multiple: true },
  consumer: { ...text, multiple: true },
  application: text,
  policy: { ...text, multiple: true },
  trust: { ...text, multiple: true },
  context: { ...text, multiple: true },
  'max-session': text,
  'no-key': flag,
  name: text,
  json: flag,
  help: { ...flag, short: 'h' },
} as const

export type Values = ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>['values']
export type Asked = {
  readonly values: Values
  readonly kept: IdentityPlace
  readonly place: Place
  readonly random: Random
}
type Told = { readonly lines: readonly string[]; readonly isNo?: boolean }
export type Command = {
  /** As `--help` names them, with spaces between. */
  readonly operands: string
  readonly run: (operands: readonly string[], asked: Asked) => Promise<Told>
}

/** Looks at all of the result before it is written. */
async function change({ kept, place }: Asked, edit: (document: IdentityDocument) => IdentityDocument): Promise<void> {
  const { content, stamp } = await kept.read()
  identitiesOf(content, place)
  const changed = edit(content as IdentityDocument)
  identitiesOf(changed, place)
  await kept.write(changed, stamp)
}

async function documentIn({ kept, place }: Asked): Promise<IdentityDocument> {
  const { content } = await kept.read()
  identitiesOf(content, place)
  return content as IdentityDocument
}

/** The policies that a command line asks for. */
async function policiesAsked({ values, place }: Asked, holderName: string, file?: string): Promise<PolicyEntry[]> {
  const application = values.application ?? holderName
  const written = [...(values.policy ?? []), ...(file === undefined ? [] : [file])].map((path) =>
    policyIn(path, values.name),
  )
  return [
    ...(values.producer ?? []).map((stream) => producerPolicy(place, streamNamed(stream))),
    ...(values.consumer ?? []).map((stream) => consumerPolicy(place, streamNamed(stream), application)),
    ...(await Promise.all(written)),
  ]
}

function streamNamed(name: string): string {
  if (/^[a-zA-Z0-9_.*-]{1,128}$/.test(name)) return name
  throw new IdentityError(`"${name}" is not a stream name: use letters, digits and any of _.-, or * for several`)
}

async function policyIn(path: string, name: string | undefined): Promise<PolicyEntry> {
  const written = await readFile(path, 'utf8')
  let document: PolicyDocument
  try {
    document = JSON.parse(written)
  } catch {
    throw new IdentityError(`${path} is not JSON`)
  }
  const twice = duplicateKeyIn(written)
  if (twice !== undefined) throw new IdentityError(`${path}: "${twice}" occurs twice in one object`)
  return name === undefined ? document : { name, document }
}

const newKey = (random: Random): AccessKeyDocument => ({
  id: newAccessKeyId('AKIA', random),
  secret: newSecret(random),
})

const keyLines = ({ id, secret }: AccessKeyDocument) => [
  '',
  `  export AWS_ACCESS_KEY_ID=${id}`,
  `  export AWS_SECRET_ACCESS_KEY=${secret}`,
  '',
  'The secret is not shown again: whoever loses it gets another key (add-key, then remove-key).',
]

export const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  [
    'init',
    {
      operands: '',
      async run(_none, { kept, place, random }) {
        const key = newKey(random)
        const document = { users: [{ name: 'admin', accessKeys: [key], policies: [administrator()] }], roles: [] }
        identitiesOf(document, place)
        await kept.write(document, undefined)
        return {
          lines: [
            `Made the user admin, who may do everything, in ${kept.name}:`,
            ...keyLines(key),
            '',
            `Start the server with it:        millrace ${kept.serverOptions}`,
            `Then give each program its own:  millrace identity add-user${kept.commandOptions} NAME --producer STREAM`,
          ],
        }
      },
    },
  ],
  [
    'add-user',
    {
      operands: 'NAME',
      async run([name], asked) {
        const key = asked.values['no-key'] ? undefined : newKey(asked.random)
        const policies = await policiesAsked(asked, name!)
        await change(asked, (document) =>
          edits.addUser(document, { name: name!, accessKeys: key ? [key] : [], policies }),
        )
        return {
          lines: [
            `Added the user ${userArn(asked.place, '/', name!)}${told(policies)}.`,
            ...(key ? keyLines(key) : []),
            ...(policies.length > 0
              ? []
              : [
                  '',
                  `It may do nothing yet: millrace identity attach-policy${asked.kept.commandOptions} ${name} FILE`,
                ]),
          ],
        }
      },
    },
  ],
  [
    'add-role',
    {
      operands: 'NAME',
      async run([name], asked) {
        const { trust, 'max-session': longest } = asked.values
        if (!trust) throw new IdentityError('say who may assume it: --trust USER, role/NAME, ACCOUNT, ARN or a service')
        const policies = await policiesAsked(asked, name!)
        await change(asked, (document) =>
          edits.addRole(document, {
            name: name!,
            trustPolicy: edits.trustPolicyFor(document, trust, asked.place),
            policies,
            ...(longest !== undefined && { maxSessionDuration: Number(longest) }),
          }),
        )
        const arn = roleArn(asked.place, '/', name!)
        return {
          lines: [
            `Added the role ${arn}${told(policies)}; ${trust.join(', ')} may assume it:`,
            '',
            `  aws sts assume-role --role-arn ${arn} --role-session-name NAME`,
          ],
        }
      },
    },
  ],
  [
    'add-key',
    {
      operands: 'USER',
      async run([name], asked) {
        const key = newKey(asked.random)
        await change(asked, (document) => edits.addKey(document, name!, key))
        return { lines: [`Added a key of ${name}:`, ...keyLines(key)] }
      },
    },
  ],
  [
    'remove-key',
    {
      operands: 'KEY-ID',
      async run([id], asked) {
        let owner = ''
        await change(asked, (document) => {
          const removed = edits.removeKey(document, id!)
          owner = removed.userName
          return removed.document
        })
        return { lines: [`Removed the key ${id} of ${owner}: a server that runs refuses it within two seconds.`] }
      },
    },
  ],
  ['remove-user', removal('user', edits.removeUser)],
  ['remove-role', removal('role', edits.removeRole)],
  [
    'attach-policy',
    {
      operands: 'WHO [FILE]',
      async run([who, file], asked) {
        const holder = edits.holderOf(await documentIn(asked), who!)
        const policies = await policiesAsked(asked, holder.name, file)
        if (policies.length === 0) throw new IdentityError('say which: FILE, --producer STREAM or --consumer STREAM')
        await change(asked, (document) =>
          policies.reduce((changed, entry) => edits.attachPolicy(changed, holder, entry), document),
        )
        return { lines: [`${holder.kind} ${holder.name}${told(policies)} from now on.`] }
      },
    },
  ],
  [
    'detach-policy',
    {
      operands: 'WHO NAME',
      async run([who, name], asked) {
        const holder = edits.holderOf(await documentIn(asked), who!)
        await change(asked, (document) => edits.detachPolicy(document, holder, name!))
        return { lines: [`${holder.kind} ${holder.name} has the policy ${name} no more.`] }
      },
    },
  ],
  [
    'list',
    {
      operands: '',
      async run(_none, asked) {
        const document = await documentIn(asked)
        if (asked.values.json) return { lines: [JSON.stringify(edits.withoutSecrets(document), undefined, 2)] }
        return { lines: identityReport(document, asked.place) }
      },
    },
  ],
  [
    'check',
    {
      operands: '',
      async run(_none, asked) {
        try {
          const { users = [], roles = [] } = await documentIn(asked)
          return { lines: [`${asked.kept.name} is sound: users ${users.length}, roles ${roles.length}.`] }
        } catch (error) {
          if (!(error instanceof IdentityError)) throw error
          return { lines: [`${asked.kept.name}: ${error.message}`], isNo: true }
        }
      },
    },
  ],
  [
    'explain',
    {
      operands: 'WHO ACTION RESOURCE',
      async run([who, action, resource], asked) {
        const { content } = await asked.kept.read()
        const identities = identitiesOf(content, asked.place)
        const arn = edits.arnOf(content as IdentityDocument, who!, asked.place)
        const context = contextOf(asked.values.context ?? [])
        const { allowed, lines } = explainAccess(
          { who: arn, action: action!, resource: resource!, context },
          identities,
          asked.place,
        )
        return { lines, isNo: !allowed }
      },
    },
  ],
])

function removal(kind: 'user' | 'role', remove: typeof edits.removeUser): Command {
  return {
    operands: 'NAME',
    async run([name], asked) {
      await change(asked, (document) => remove(document, name!))
      return { lines: [`Removed the ${kind} ${name}, and with it every key and session of it.`] }
    },
  }
}

/** `, with the policies …`, as far as they have names. */
function told(policies: readonly PolicyEntry[]): string {
  const names = policies.map((entry) => edits.entryName(entry) ?? 'one without a name')
  return names.length === 0 ? '' : `, with the ${names.length > 1 ? 'policies' : 'policy'} ${names.join(', ')}`
}

/** `aws:SourceIp=10.0.0.1`; the same key more than once has several values. */
function contextOf(given: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const context = new Map<string, string[]>()
  for (const pair of given) {
    const at = pair.indexOf('=')
    if (at < 1) throw new IdentityError(`--context is KEY=VALUE, e.g. aws:SourceIp=10.0.0.1, not "${pair}"`)
    const key = pair.slice(0, at).toLowerCase()
    context.set(key, [...(context.get(key) ?? []), pair.slice(at + 1)])
  }
  return context
}
