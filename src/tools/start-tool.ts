import { type ChildProcess, spawn } from 'node:child_process'
import { channel } from 'node:diagnostics_channel'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A program that runs. */
export interface RunningTool {
  readonly child: ChildProcess
  /** Ends it at once, and what it started in its turn where it has a group of its own. */
  stop(): void
}

/** Where each program that starts is announced, for who wants to tell it. */
export const STARTED = 'nodeseed:tool:started'

export interface StartedTool extends Pick<RunningTool, 'child'> {
  readonly program: string
  readonly args: readonly string[]
}

const started = channel(STARTED)

interface StartOptions {
  readonly env?: NodeJS.ProcessEnv | undefined
  /** Gives it and what it starts a process group of their own, without the terminal. */
  readonly hasGroup: boolean
}

/**
 * A shell that runs its arguments and watches standard input: when that ends, because the process that holds the other
 * side has ended in whatever way, SIGKILL included, the program is killed. It uses nothing but what is built into `sh`.
 */
const watched = (kill: string) =>
  `exec 3<&0; "$@" </dev/null 3<&- & child=$!
(while read -r line; do :; done <&3; ${kill}) >/dev/null 2>&1 & watch=$!
exec 3<&-; wait $child; code=$?; kill $watch 2>/dev/null; exit $code`

/** Starts a program, which ends when this process does; undefined where there is no such program. */
export function startTool(
  program: string,
  args: readonly string[],
  { env, hasGroup }: StartOptions,
): RunningTool | undefined {
  const path = findProgram(program)
  if (path === undefined) return undefined
  if (process.platform === 'win32') {
    const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(env && { env }) })
    started.publish({ program, args, child })
    return { child, stop: () => void child.kill() }
  }
  const script = watched(hasGroup ? 'kill -9 0' : 'kill -9 $child')
  const child = spawn('/bin/sh', ['-c', script, 'sh', path, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: hasGroup,
    ...(env && { env }),
  })
  started.publish({ program, args, child })
  // What has ended already needs no end.
  child.stdin?.on('error', () => {})
  return { child, stop: () => void child.stdin?.end() }
}

function findProgram(name: string): string | undefined {
  if (name.includes('/')) return existsSync(name) ? name : undefined
  const directories = (process.env.PATH ?? '').split(delimiter)
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', ''] : ['']
  return directories.flatMap((directory) => endings.map((ending) => join(directory, name + ending))).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
