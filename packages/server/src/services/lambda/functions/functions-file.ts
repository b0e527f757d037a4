import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type FunctionDefinition, type FunctionsOptions, functionDefinitions } from './function-definition.ts'

/**
 * Functions from a JSON file (modules relative to it), or as an object (modules relative to the working folder).
 * @throws Error with one line that says what is wrong where
 */
export function functionsFrom(
  given: string | FunctionsOptions | undefined,
  accountId: string,
): ReadonlyMap<string, FunctionDefinition> {
  if (given === undefined) return new Map()
  if (typeof given !== 'string') return withModules(functionDefinitions(given, process.cwd(), accountId))
  let text: string
  try {
    text = readFileSync(given, 'utf8')
  } catch (error) {
    throw new Error(`functions: ${given} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Error(`functions: ${given} is not JSON: ${(error as Error).message}`)
  }
  return withModules(functionDefinitions(value, dirname(resolve(given)), accountId))
}

/** A module that is not there is told at the start, not at the first call. */
function withModules(definitions: ReadonlyMap<string, FunctionDefinition>): ReadonlyMap<string, FunctionDefinition> {
  for (const { code, name } of definitions.values())
    if (code.kind === 'module' && !existsSync(code.path))
      throw new Error(`functions: ${name}: there is no file ${code.path}`)
  return definitions
}
