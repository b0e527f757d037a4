import { test } from 'node:test'
import { onceWithAuthentication } from '../harness/keys.ts'
import { throughReshard } from './kcl-scenario.ts'
import { missingProgram } from './running-program.ts'

const options = { skip: missingProgram('kcl3') ?? false, timeout: 900_000 }
const second = { ...options, skip: options.skip || (onceWithAuthentication ?? false) }

test('KCL 3, polling, accounts for every record through a split and a merge', options, (t) =>
  throughReshard(t, 'kcl3', 'polling'),
)

test('KCL 3 with enhanced fan-out accounts for every record through a split and a merge', second, (t) =>
  throughReshard(t, 'kcl3', 'fanout'),
)
