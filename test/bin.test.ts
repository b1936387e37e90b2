import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const PROGRAM = fileURLToPath(new URL('../bin/run.js', import.meta.url))

test.for([
  ['v20.20.2', false],
  ['v22.18.0', false],
  ['v22.19.0', true],
  ['v26.1.0', true],
] as const)('Node %s: it runs: %s', async ([version, runs]) => {
  const pretend = `data:text/javascript,${encodeURIComponent(
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version.slice(1)}' } })`,
  )}`
  const { code, stdout, stderr } = await node(['--import', pretend, PROGRAM, '--version'])
  if (runs) expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^nodeseed\/\d/) })
  else {
    expect(code).toBe(3)
    expect(stderr).toMatch(/^nodeseed needs Node\.js 22\.19 or newer; this is \S+ \(.*\)\n$/)
  }
})

/** Says at the end which of Node's modules and how many files of the program were loaded. */
const COUNT = `data:text/javascript,${encodeURIComponent(`
  import module from 'node:module'
  process.on('exit', () => {
    const builtins = process.moduleLoadList.flatMap((line) => /^NativeModule (.*)/.exec(line)?.[1] ?? [])
    const files = Object.keys(module._cache).filter((file) => file.includes('/dist/'))
    process.stderr.write(JSON.stringify({ builtins, files: files.length }))
  })
`)}`

const OVER_HTTP = ['crypto', 'http', 'tls', 'worker_threads', 'zlib']

// How many files there are is up to the bundler, which puts together what is used together: today 13, 18, 34 and 80.
test.for<[args: string[], files: number, heavy: string[]]>([
  [['--version'], 30, []],
  [['explain', 'ErrImageNeverPull'], 40, []],
  [['scan', 'examples/demo'], 60, []],
  [['lock', '--image', '127.0.0.1:9/shop/web:1', '--timeout', '1ms', '-o', '-'], 110, OVER_HTTP],
])('a start loads what it needs and no more: %j', async ([args, files, used]) => {
  const { stderr } = await node(['--import', COUNT, PROGRAM, ...args])
  const loaded = JSON.parse(stderr.split('\n').at(-1) ?? '')
  expect(loaded.files).toBeGreaterThan(1)
  expect(loaded.files).toBeLessThanOrEqual(files)
  const heavy = ['child_process', 'crypto', 'http', 'https', 'http2', 'tls', 'worker_threads', 'zlib']
  expect(loaded.builtins.filter((name: string) => heavy.includes(name) && !used.includes(name))).toEqual([])
})

function node(args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr })
    })
  })
}
