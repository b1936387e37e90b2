import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readNodeScript } from '../../src/cli/files/node-script.ts'
import type { Containerd } from './containerd.ts'
import { tool, toolEnvironment } from './debian.ts'

/** The node script as one file, as nodes get it. */
export const NODE_SCRIPT = fileURLToPath(new URL('../../.cache/node-script/seed.sh', import.meta.url))

/** Puts the script together; done once before all tests. */
export async function prepareNodeScript(): Promise<void> {
  await mkdir(dirname(NODE_SCRIPT), { recursive: true })
  await writeFile(NODE_SCRIPT, await readNodeScript())
}

/** What the node script said and how it ended. */
export interface ScriptRun {
  readonly code: number
  readonly report: Record<string, unknown>
  readonly stdout: string
  readonly stderr: string
}

interface ScriptOptions {
  readonly shell?: readonly string[]
  readonly env?: Record<string, string>
}

/** Runs the node script with a shell, by default the system's `sh`. */
export function runNodeScript(args: string[], { shell = ['sh'], env = {} }: ScriptOptions = {}): Promise<ScriptRun> {
  const [program = 'sh', ...before] = shell
  return new Promise((resolve) => {
    const options = { env: { ...toolEnvironment(), ...env } }
    execFile(program, [...before, NODE_SCRIPT, ...args], options, (error, stdout, stderr) => {
      const line = stdout.trim().split('\n').at(-1) ?? ''
      const report = line.startsWith('{') ? (JSON.parse(line) as Record<string, unknown>) : {}
      resolve({ code: error ? Number(error.code) : 0, report, stdout, stderr })
    })
  })
}

/** Starts the node script and lets it run; `stop` ends it as the kubelet does, and resolves to its exit code. */
export function startNodeScript(args: string[]): { stop: () => Promise<number | null> } {
  const child = spawn('sh', [NODE_SCRIPT, ...args], { env: toolEnvironment(), stdio: 'ignore' })
  return {
    async stop() {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
      return child.exitCode
    },
  }
}

/** The options that lead the script to a test's own containerd. */
export function reach({ socket }: Containerd): string[] {
  return ['--address', socket, '--ctr', tool('ctr')]
}
