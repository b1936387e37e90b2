#!/usr/bin/env node
// The same program straight from src/, without a build: Node strips the types.
import { readFileSync } from 'node:fs'
import { main } from '../src/cli/main.ts'

const { devDependencies, ...pkg } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const oclif = { ...pkg.oclif, commands: './src/commands' }
await main({ ...pkg, dependencies: devDependencies, oclif }, { ignoreManifest: true })
