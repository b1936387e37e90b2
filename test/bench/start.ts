// How long a start takes: Node alone, the package, and the single executable where `npm run build:binary` has made one.
// Prints medians, the fastest, and ratios to Node alone; asserts nothing. Run: npm run build && node test/bench/start.ts
import { execFileSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { median } from './measure.ts'

const ROUNDS = 20
const PACKAGE = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
const BINARY = fileURLToPath(new URL(`../../release/nodeseed-linux-${process.arch}`, import.meta.url))
const EXAMPLE = fileURLToPath(new URL('../../examples/demo', import.meta.url))

const starts: Record<string, string[]> = {
  'node alone': [process.execPath, '--eval', '0'],
  'package, --version': [process.execPath, PACKAGE, '--version'],
  'package, scan': [process.execPath, PACKAGE, 'scan', EXAMPLE],
  ...(existsSync(BINARY) && {
    'single executable, --version': [BINARY, '--version'],
    'single executable, scan': [BINARY, 'scan', EXAMPLE],
  }),
}
const times = new Map(Object.keys(starts).map((name) => [name, [] as number[]]))
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, [program = '', ...args]] of Object.entries(starts)) {
    const start = performance.now()
    execFileSync(program, args, { stdio: 'ignore' })
    times.get(name)!.push(performance.now() - start)
  }
}
const alone = Math.min(...times.get('node alone')!)
for (const [name, list] of times) {
  const fastest = Math.min(...list)
  const ratio = `${(fastest / alone).toFixed(1)} x node alone`
  console.log(`${name.padEnd(30)} ${median(list).toFixed(0)} ms, at best ${fastest.toFixed(0)} ms: ${ratio}`)
}
if (existsSync(BINARY)) console.log(`the single executable: ${(statSync(BINARY).size / 1e6).toFixed(0)} MB`)
console.log(`load average ${loadavg()[0]?.toFixed(2)}`)
