#!/usr/bin/env node
// Plain JavaScript that any Node since 12 can parse, so that an old one can say what it needs instead of failing on syntax.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const pkg = require('../package.json')
const needed = pkg.engines.node.replace(/^>=/, '')
const [major, minor] = process.versions.node.split('.').map(Number)
const [neededMajor, neededMinor] = needed.split('.').map(Number)

if (major < neededMajor || (major === neededMajor && minor < neededMinor)) {
  process.stderr.write(
    `nodeseed needs Node.js ${needed} or newer; this is ${process.versions.node} (${process.execPath})\n`,
  )
  process.exitCode = 3
} else {
  require('../dist/program/compile-cache.cjs').keepCompiled()
  await require('../dist/program/start.cjs').start(pkg, require('../oclif.manifest.json'))
}
