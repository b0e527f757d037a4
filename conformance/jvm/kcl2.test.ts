import { test } from 'node:test'
import { onceWithAuthentication } from '../harness/keys.ts'
import { throughReshard } from './kcl-scenario.ts'
import { missingProgram } from './running-program.ts'

const options = { skip: missingProgram('kcl2') ?? false, timeout: 900_000 }
const second = { ...options, skip: options.skip || (onceWithAuthentication ?? false) }

test('KCL 2, polling, accounts for every record through a split and a merge', second, (t) =>
  throughReshard(t, 'kcl2', 'polling'),
)

test('KCL 2 with enhanced fan-out over TLS accounts for every record through a split and a merge', options, (t) =>
  throughReshard(t, 'kcl2', 'fanout', 'https'),
)
