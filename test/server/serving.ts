import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const PROGRAM = fileURLToPath(new URL('../../bin/run.js', import.meta.url))

/** A `nodeseed serve` of its own process. */
export interface Serving {
  readonly address: string
  readonly url: string
  readonly repositories: readonly string[]
  readonly nodeFiles: readonly { readonly runtime: string; readonly path: string; readonly content: string }[]
  readonly process: ChildProcess
  /** What it has written to stderr so far. */
  log(): string
}

/** Starts `nodeseed serve` on a free loopback port, or elsewhere; it is stopped when the test ends. */
export async function startServing(
  args: readonly string[],
  env: Record<string, string> = {},
  listen = '127.0.0.1:0',
): Promise<Serving> {
  const child = spawn(process.execPath, [PROGRAM, 'serve', '--listen', listen, '--json', ...args], {
    env: { ...process.env, ...env },
  })
  const log: Buffer[] = []
  child.stderr.on('data', (chunk: Buffer) => log.push(chunk))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  let said = ''
  // Left open: who cannot write what it has to say has failed.
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    said += chunk
    if (said.endsWith('}\n')) break
  }
  child.stdout.resume()
  if (!said) throw new Error(`serve ended: ${Buffer.concat(log)}`)
  return { ...JSON.parse(said), process: child, log: () => Buffer.concat(log).toString() }
}
