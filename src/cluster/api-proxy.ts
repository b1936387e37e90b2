import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { ExpectedError } from '../errors.ts'
import { type Kubectl, kubectlMissing } from './kubectl.ts'

interface ApiProxyOptions extends Kubectl {
  /** How long one answer may take, in milliseconds. */
  readonly timeout?: number
}

const TRY_YOURSELF = 'Try the same with: kubectl get nodes'

export interface ApiAnswer {
  readonly status: number
  readonly body: string
}

/**
 * The cluster's API through `kubectl proxy`, so that every kubeconfig and credential plugin works that works for the
 * user. The proxy listens on a socket in a directory that only this user can enter: on a port, every user of the machine
 * could use the cluster in this user's name.
 */
export class ApiProxy {
  readonly #child: ChildProcess
  readonly #directory: string
  readonly #timeout: number

  private constructor(child: ChildProcess, directory: string, timeout: number) {
    this.#child = child
    this.#directory = directory
    this.#timeout = timeout
    process.once('exit', this.#kill)
  }

  readonly #kill = () => this.#child.kill()

  /** @throws {ExpectedError} KUBECTL_MISSING, KUBECTL_FAILED; CLUSTER_UNREACHABLE with what kubectl said. */
  static async start({ command, context, timeout = 60_000 }: ApiProxyOptions): Promise<ApiProxy> {
    const directory = await mkdtemp(join(tmpdir(), 'nodeseed-api-'))
    const [program = 'kubectl', ...first] = command
    const args = [
      ...first,
      ...(context ? ['--context', context] : []),
      'proxy',
      '--unix-socket',
      join(directory, 'api'),
    ]
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    try {
      await serving(child, command)
    } catch (error) {
      child.kill()
      await rm(directory, { recursive: true, force: true })
      throw error
    }
    return new ApiProxy(child, directory, timeout)
  }

  /** The answer to a GET, whatever its status. @throws {ExpectedError} CLUSTER_UNREACHABLE when none came in time. */
  async get(path: string): Promise<ApiAnswer> {
    const timeout = AbortSignal.timeout(this.#timeout)
    try {
      return await new Promise<ApiAnswer>((resolve, reject) => {
        const socketPath = join(this.#directory, 'api')
        const headers = { host: 'localhost', accept: 'application/json' }
        const call = request({ socketPath, path, headers, signal: timeout }, (response) => {
          text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject)
        })
        call.on('error', reject)
        call.end()
      })
    } catch (cause) {
      const why = timeout.aborted ? `no answer within ${this.#timeout / 1000} s` : (cause as Error).message
      throw new ExpectedError('CLUSTER_UNREACHABLE', `GET ${path}: ${why}`, {
        hint: 'Try: kubectl get nodes. Give a slow API server more time: --timeout 5m.',
        cause,
      })
    }
  }

  async close(): Promise<void> {
    process.removeListener('exit', this.#kill)
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    if (this.#child.exitCode === null && this.#kill()) await ended
    await rm(this.#directory, { recursive: true, force: true })
  }
}

/** Resolves once kubectl says that it serves. */
function serving(child: ChildProcess, command: readonly string[]): Promise<void> {
  const name = command.join(' ')
  let said = ''
  return new Promise((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') reject(kubectlMissing(name, cause))
      else reject(new ExpectedError('KUBECTL_FAILED', `${name}: ${cause.message}`, { hint: TRY_YOURSELF, cause }))
    })
    child.once('exit', (code) => {
      const words = said.trim() || `ended with ${code}`
      reject(new ExpectedError('CLUSTER_UNREACHABLE', `${name}: ${words}`, { hint: TRY_YOURSELF }))
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk
    })
    child.stdout?.on('data', (chunk: Buffer) => {
      if (/Starting to serve/.test(String(chunk))) resolve()
    })
  })
}
