import type { Statement } from './statement.ts'

/** The statements of a policy by what stands before the colon of actions: most requests concern few of them. */
export class StatementIndex {
  /** As the document has them. */
  readonly all: readonly Statement[]
  readonly denies: StatementsByService
  readonly allows: StatementsByService

  constructor(statements: readonly Statement[]) {
    this.all = statements
    this.denies = new StatementsByService(statements.filter(({ effect }) => effect === 'Deny'))
    this.allows = new StatementsByService(statements.filter(({ effect }) => effect === 'Allow'))
  }
}

export class StatementsByService {
  readonly #named = new Map<string, Statement[]>()
  /** Those that may concern any service. */
  readonly unnamed: readonly Statement[]

  constructor(statements: readonly Statement[]) {
    this.unnamed = statements.filter(({ services }) => services === undefined)
    for (const statement of statements)
      for (const service of statement.services ?? []) {
        const others = this.#named.get(service)
        if (others) others.push(statement)
        else this.#named.set(service, [statement])
      }
  }

  /** Those that name this service. */
  named(service: string): readonly Statement[] {
    return this.#named.get(service) ?? none
  }
}

const none: readonly Statement[] = []
