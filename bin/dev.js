#!/usr/bin/env node
// The same program straight from src/, without a build: Node strips the types.
import { readFileSync } from 'node:fs'
import { main } from '../src/cli/main.ts'

const pkg = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
await main({ ...pkg, oclif: { ...pkg.oclif, commands: './src/commands' } }, { ignoreManifest: true })
