import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { spawnTool, tool, toolEnvironment } from './debian.ts'

const run = promisify(execFile)

/** A docker of the test's own, with its classic image store. It has no network, and starts no containers. Needs root. */
export interface Docker {
  readonly directory: string
  readonly socket: string
  /** A program that is `docker`, bound to this daemon. */
  readonly program: string
  /** Runs docker; resolves to what it printed. */
  docker(...args: string[]): Promise<string>
  /** Ends it before the test does. */
  stop(): Promise<void>
}

/**
 * Starts dockerd on a private socket; it is stopped, and its directory removed, when the test ends. `data` is where it keeps
 * images, when that is a place of its own.
 */
export async function startDocker({ data }: { data?: string } = {}): Promise<Docker> {
  const directory = await mkdtemp(join(tmpdir(), 'nodeseed-docker-'))
  const socket = join(directory, 'docker.sock')
  const host = `unix://${socket}`
  const server = spawnTool('dockerd', [
    ...['--host', host, '--pidfile', join(directory, 'pid'), '--storage-driver', 'vfs'],
    ...['--data-root', data ?? join(directory, 'data'), '--exec-root', join(directory, 'exec')],
    ...['--config-file', await writeConfig(directory)],
    ...['--bridge=none', '--iptables=false', '--ip-masq=false', '--log-level=error'],
  ])
  const stop = async () => {
    server.kill('SIGTERM')
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
  }
  onTestFinished(async () => {
    await stop()
    await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  })
  const program = join(directory, 'docker')
  await writeFile(program, `#!/bin/sh\nexec '${tool('docker')}' --host '${host}' "$@"\n`)
  await chmod(program, 0o755)
  const docker = async (...args: string[]) => (await run(program, args, { env: toolEnvironment() })).stdout
  await untilReady(docker, () => server.exitCode)
  return { directory, socket, program, docker, stop }
}

/** What has no flag: where the daemon's key lies, by default in /etc. */
async function writeConfig(directory: string): Promise<string> {
  const file = join(directory, 'daemon.json')
  await writeFile(file, JSON.stringify({ 'deprecated-key-path': join(directory, 'key.json') }))
  return file
}

async function untilReady(docker: Docker['docker'], exitCode: () => number | null): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (exitCode() !== null) throw new Error(`dockerd ended with ${exitCode()}`)
    const answered = await docker('version').then(
      () => true,
      () => false,
    )
    if (answered) return
    await sleep(100)
  }
  throw new Error('dockerd does not answer')
}
