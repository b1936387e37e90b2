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

function node(args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr })
    })
  })
}
