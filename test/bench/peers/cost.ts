import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** What a command and all that it started took. */
export interface Cost {
  readonly seconds: number
  /** Seconds, user and system. */
  readonly processor: number
  /** The most that one of its processes had resident, in MB. */
  readonly memory: number
  /** The most that lay in the watched directory, in MB. */
  readonly disk: number
}

export interface Watched {
  readonly env?: NodeJS.ProcessEnv
  /** Where its files lie. */
  readonly directory: string
  /** Asked ten times a second; true kills the command and all that it started, at once. */
  readonly isEnough?: () => boolean
}

/** Milliseconds between two looks. */
const INTERVAL = 100

/** Runs a command line of the shell to its end. Killed, it has no processor time. @throws Error when it fails by itself */
export async function costOf(command: string, { env = process.env, directory, isEnough }: Watched): Promise<Cost> {
  const started = performance.now()
  // What the shell's `times` says of its children is theirs and that of all they waited for.
  const script = `{ ${command}\n} >/dev/null; status=$?; times; exit $status`
  const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'], env, detached: true })
  const [said, failed]: [Buffer[], Buffer[]] = [[], []]
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => failed.push(chunk))
  let [memory, disk, killed] = [0, 0, false]
  const timer = setInterval(() => {
    for (const pid of descendants(child.pid!)) memory = Math.max(memory, peakOf(pid))
    disk = Math.max(disk, bytesBelow(directory))
    if (killed || !isEnough?.()) return
    killed = true
    process.kill(-child.pid!, 'SIGKILL')
  }, INTERVAL)
  const status = await new Promise((resolve) => child.on('close', resolve))
  clearInterval(timer)
  if (status !== 0 && !killed) throw new Error(`${command}\nexit code ${status}\n${Buffer.concat(failed)}`)
  return {
    seconds: (performance.now() - started) / 1000,
    processor: processorOf(Buffer.concat(said).toString()),
    memory: memory / 1000,
    disk: Math.max(disk, bytesBelow(directory)) / 1e6,
  }
}

/** `0m1.250s 0m0.310s` in the last line. */
function processorOf(times: string): number {
  const parts =
    times
      .trim()
      .split('\n')
      .at(-1)
      ?.matchAll(/(\d+)m([\d.]+)s/g) ?? []
  return [...parts].reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0)
}

function descendants(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
    return children.flatMap((child) => [Number(child), ...descendants(Number(child))])
  } catch {
    return [] // it has ended
  }
}

/** In kB. */
function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1.024
  } catch {
    return 0
  }
}

/** Bytes that the disk holds; a hole is none. */
function bytesBelow(directory: string): number {
  try {
    return readdirSync(directory, { recursive: true }).reduce((sum, name) => {
      const { blocks = 0 } = statSync(join(directory, `${name}`), { throwIfNoEntry: false }) ?? {}
      return sum + blocks * 512
    }, 0)
  } catch {
    return 0
  }
}
