#!/usr/bin/env node
import { agentCommand } from './command.ts'

process.exitCode = await agentCommand(process.argv.slice(2), process.stdout, process.stderr, process.env)
