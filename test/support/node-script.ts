import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Containerd } from './containerd.ts'
import { tool, toolEnvironment } from './debian.ts'

export const NODE_SCRIPT = fileURLToPath(new URL('../../src/seed/seed.sh', import.meta.url))

/** What the node script said and how it ended. */
export interface ScriptRun {
  readonly code: number
  readonly report: Record<string, unknown>
  readonly stdout: string
  readonly stderr: string
}

/** Runs the node script with a shell, by default the system's `sh`. */
export function runNodeScript(args: string[], { shell = ['sh'] }: { shell?: string[] } = {}): Promise<ScriptRun> {
  const [program = 'sh', ...before] = shell
  return new Promise((resolve) => {
    const env = toolEnvironment()
    execFile(program, [...before, NODE_SCRIPT, ...args], { env }, (error, stdout, stderr) => {
      const line = stdout.trim().split('\n').at(-1) ?? ''
      const report = line.startsWith('{') ? (JSON.parse(line) as Record<string, unknown>) : {}
      resolve({ code: error ? Number(error.code) : 0, report, stdout, stderr })
    })
  })
}

/** The options that lead the script to a test's own containerd. */
export function reach({ socket }: Containerd): string[] {
  return ['--address', socket, '--ctr', tool('ctr')]
}
