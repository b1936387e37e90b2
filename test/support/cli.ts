import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { checkSchema } from './schemas.ts'

export const PROGRAM = fileURLToPath(new URL('../../bin/run.js', import.meta.url))

export interface CliResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the built nodeseed, as a user would, to its end. What `--json` prints must be as the published schema says. */
export function runCli(
  args: string[],
  { input = '', env = {}, cwd }: { input?: string | Buffer; env?: Record<string, string>; cwd?: string } = {},
) {
  return new Promise<CliResult>((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...args], { env: { ...process.env, ...env }, cwd })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.on('error', reject)
    child.on('close', (exitCode) => {
      const result = { exitCode, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }
      try {
        if (args.includes('--json')) checkAnswer(args[0] ?? '', result.stdout)
        resolve(result)
      } catch (error) {
        reject(error)
      }
    })
    child.stdin.on('error', () => {}) // a program that stops early need not read all of it
    child.stdin.end(input)
  })
}

function checkAnswer(command: string, stdout: string): void {
  if (stdout.trim() === '') return
  const answer = JSON.parse(stdout) as object
  checkSchema('error' in answer ? 'error' : command, answer)
}
