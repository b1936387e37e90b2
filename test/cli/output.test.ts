import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { PROGRAM } from '../support/cli.ts'

const SCAN = ['scan', 'examples/scan/shop.yaml']
const AUDIT = ['audit', 'examples/audit/shop.yaml', '--nodes', 'examples/audit/nodes.json']

test.for<[line: string, exitCode: number]>([
  ['scan examples/scan/shop.yaml', 3],
  ['scan examples/scan/shop.yaml --json', 3],
  ['scan --help', 3],
  // What was found out before anything had to be written stays the answer.
  ['audit examples/audit/shop.yaml --nodes examples/audit/nodes.json', 4],
  ['audit examples/audit/shop.yaml --nodes examples/audit/nodes.json --json', 4],
  ['scan no-such-file --json', 2],
  ['nosuchcommand --json', 2],
])('%s > /dev/full ends with %i and says why', async ([line, exitCode]) => {
  const { code, stderr } = await shell(`node "$0" ${line} > /dev/full`)
  expect(code).toBe(exitCode)
  expect(stderr).toContain('error: standard output cannot be written: no space left on the disk\n')
  expect(stderr).toContain('code: DISK_FULL')
  expect(stderr).not.toMatch(/^ +at /m)
})

test.for<[args: string[], exitCode: number]>([
  [SCAN, 3],
  [[...SCAN, '--json'], 3],
  [AUDIT, 4],
  [[...AUDIT, '--json'], 4],
])('%j into a closed pipe ends with %i and no stack', async ([args, exitCode]) => {
  const { code, stderr } = await intoClosedPipe(args)
  expect(code).toBe(exitCode)
  expect(stderr).not.toMatch(/EPIPE|^ +at /m)
})

test('a reader that has seen enough does not change the verdict', async () => {
  const { code, stdout } = await shell(
    `node "$0" ${AUDIT.join(' ')} 2>/dev/null | grep -m1 VERDICT; exit \${PIPESTATUS[0]}`,
  )
  expect(stdout).toMatch(/^VERDICT/)
  expect(code).toBe(4)
})

test('a closed standard error is no failure', async () => {
  expect((await shell(`node "$0" ${SCAN.join(' ')} 2> /dev/full`)).code).toBe(0)
})

async function shell(script: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const run = promisify(execFile)('bash', ['-c', script.replace('node ', `${process.execPath} `), PROGRAM])
  return run.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error) => error as { code: number; stdout: string; stderr: string },
  )
}

/** The reader is gone before the program writes its first byte. */
function intoClosedPipe(args: string[]): Promise<{ code: number | null; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.destroy()
    let stderr = ''
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stderr }))
  })
}
