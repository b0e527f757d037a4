import type { HttpBinding, Operation, Service } from '../core/operation.ts'
import type { HttpRequest } from './listener.ts'
import type { Labels } from './protocols/rest-json.ts'
import type { Route } from './route.ts'

type Place = {
  readonly service: Service
  // biome-ignore lint/suspicious/noExplicitAny: see Service
  readonly operation: Operation<any, any>
  readonly binding: HttpBinding
  readonly segments: readonly Segment[]
}

/** One part of a path between slashes: a text, or a label that takes one part, or all that is left. */
type Segment = { readonly text: string } | { readonly label: string; readonly isGreedy: boolean }

/** The paths of REST services: `POST /2015-03-31/functions/{FunctionName}/invocations`. */
export class RestPlaces {
  readonly #places: readonly Place[]

  constructor(services: readonly Service[]) {
    const places: Place[] = []
    for (const service of services)
      for (const operation of service.operations.values())
        if (operation.http)
          places.push({ service, operation, binding: operation.http, segments: segmentsOf(operation.http.path) })
    // A path that says a text is meant before one that takes anything there.
    this.#places = places.sort((a, b) => labelCount(a) - labelCount(b))
  }

  /** Undefined if no operation is there. A slash at the end makes no difference. */
  find(request: HttpRequest): Promise<Route> | undefined {
    const path = (request.url ?? '').split('?', 1)[0]!
    const parts = path.replace(/\/$/, '').split('/').slice(1)
    for (const { service, operation, binding, segments } of this.#places) {
      if (binding.method !== request.method) continue
      const labels = match(segments, parts)
      if (labels)
        return import('./protocols/rest-json.ts').then(({ RestJson }) => ({
          service,
          operation,
          protocol: new RestJson(binding, labels, request),
          isPlainJson: false,
        }))
    }
    return undefined
  }
}

const labelCount = ({ segments }: Place) => segments.filter((segment) => 'label' in segment).length

const segmentsOf = (path: string): Segment[] =>
  path
    .split('?', 1)[0]!
    .replace(/\/$/, '')
    .split('/')
    .slice(1)
    .map((part) => {
      const label = /^\{([^}+]+)(\+?)\}$/.exec(part)
      return label ? { label: label[1]!, isGreedy: label[2] === '+' } : { text: part }
    })

function match(segments: readonly Segment[], parts: readonly string[]): Labels | undefined {
  const labels = new Map<string, string>()
  for (const [i, segment] of segments.entries()) {
    const part = parts[i]
    if (part === undefined) return undefined
    if ('text' in segment) {
      if (segment.text !== part) return undefined
      continue
    }
    const text = decoded(segment.isGreedy ? parts.slice(i).join('/') : part)
    if (!text) return undefined
    labels.set(segment.label, text)
    if (segment.isGreedy) return labels
  }
  return segments.length === parts.length ? labels : undefined
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined // a lone percent sign: no operation is there
  }
}
