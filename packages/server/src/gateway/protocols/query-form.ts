import { AwsError } from '../../core/aws-error.ts'

/** A body of a form: 1,000 metrics with 30 dimensions each are 60,000 values. Above it nothing is read. */
const fieldsMax = 100_000

/** `MetricData.member.1.Dimensions.member.1.Name` has seven; no input of any operation has more than twice as many. */
const depthMax = 16

export type Form = { readonly [name: string]: string | Form }

/**
 * A form whose names are paths, with dots between, → a tree of its values. No name stands twice: a signature does not hold
 * the order of two parameters of a URL, and who forwards a form may read the first where we would read the last.
 * @throws AwsError MalformedQueryString
 */
export function parseForm(text: string): Form {
  const tree: Branch = Object.create(null)
  let fields = 0
  for (const [path, value] of new URLSearchParams(text)) {
    if (++fields > fieldsMax) throw malformed(`A request has at most ${fieldsMax} values.`)
    const names = path.split('.', depthMax + 1)
    if (names.length > depthMax) throw malformed(`The name ${path.slice(0, 100)} has too many parts.`)
    const last = names.pop()!
    let branch = tree
    for (const name of names) {
      const next = branch[name] ?? Object.create(null)
      if (typeof next === 'string') throw malformed(`The name ${path.slice(0, 100)} has a value and members.`)
      branch[name] = next
      branch = next
    }
    if (typeof branch[last] === 'object') throw malformed(`The name ${path.slice(0, 100)} has a value and members.`)
    if (branch[last] !== undefined) throw malformed(`The name ${path.slice(0, 100)} stands twice.`)
    branch[last] = value
  }
  return tree
}

type Branch = { [name: string]: string | Branch }

const malformed = (message: string) => new AwsError('MalformedQueryString', message)
