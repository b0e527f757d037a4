import { type ParseArgsConfig, parseArgs } from 'node:util'
import { refusedOptions } from '../packages/server/src/option-values.ts'

/** What a command of this repository, e.g. `npm run bench`, was told. */
export class Command {
  readonly #name: string
  readonly #help: string

  /** `help` is printed by `--help`: how it is called, and what it does. */
  constructor(name: string, help: string) {
    this.#name = name
    this.#help = help
  }

  /** The options, as `parseArgs` of node:util gives them. Ends the process at `--help` with 0, at what it cannot take with 2. */
  read<const T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
    if (process.argv.includes('--help') || process.argv.includes('-h')) {
      process.stdout.write(this.#help)
      process.exit()
    }
    try {
      return parseArgs(config)
    } catch (error) {
      return this.refuse(refusedOptions(error, `${this.#name} -- --help`))
    }
  }

  /** An option whose value must be a whole number, `min` or more. */
  integer(option: string, text: string, min = 0): number {
    const value = Number(text)
    if (Number.isSafeInteger(value) && value >= min) return value
    return this.refuse(`--${option} must be a whole number from ${min} up, not "${text}"`)
  }

  /** An option whose value must be above 0. */
  positive(option: string, text: string): number {
    const value = Number(text)
    return value > 0 ? value : this.refuse(`--${option} must be a number above 0, not "${text}"`)
  }

  /** Tells what is wrong, in one line, and ends the process with 2. */
  refuse(line: string): never {
    process.stderr.write(`${this.#name}: ${line}\n`)
    process.exit(2)
  }
}
