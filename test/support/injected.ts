import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { PROGRAM } from './cli.ts'
import { tool, toolEnvironment } from './debian.ts'

export interface InjectedResult {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Injection {
  /** System calls, as strace names them; those that this machine does not have are left out. */
  readonly calls: string
  /** What happens at them: `error=EIO`, or `signal=SIGKILL`. */
  readonly effect: string
  /** Which of them: `3`, or `3+` for that and all later ones. */
  readonly when?: string
  /** Only calls on this path. */
  readonly path?: string
}

/** Runs nodeseed under strace, which makes system calls of it fail or ends it at one. */
export async function runInjected(
  args: readonly string[],
  { calls, effect, when, path }: Injection,
): Promise<InjectedResult> {
  const known = calls
    .split(',')
    .map((call) => `?${call}`)
    .join(',')
  const inject = `inject=${known}:${effect}${when === undefined ? '' : `:when=${when}`}`
  const traced = ['-f', '-qqq', '-o', '/dev/null', ...(path ? ['-P', path] : []), '-e', `trace=${known}`, '-e', inject]
  const child = spawn(tool('strace'), [...traced, process.execPath, PROGRAM, ...args], {
    env: toolEnvironment({ NODE_DISABLE_COMPILE_CACHE: '1', UV_THREADPOOL_SIZE: '1' }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [exitCode, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { exitCode, signal, stdout, stderr }
}
