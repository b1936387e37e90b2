import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { onEarlyEnd } from '../early-end.ts'
import { ExpectedError } from '../errors.ts'
import { type RunningTool, startTool } from '../tools/start-tool.ts'
import { type Kubectl, kubectlMissing } from './kubectl.ts'

interface ApiProxyOptions extends Kubectl {
  /** How long one answer may take, in milliseconds. */
  readonly timeout?: number
}

/** Credential plugins may ask a person; a proxy that does not start at all has to end some time. */
const START_TIMEOUT = 120_000

/** What kubectl says is kept up to here. */
const MAX_WORDS = 64 * 1024

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
  readonly #tool: RunningTool
  readonly #directory: string
  readonly #timeout: number
  readonly #forget: () => void

  private constructor(tool: RunningTool, directory: string, timeout: number, forget: () => void) {
    this.#tool = tool
    this.#directory = directory
    this.#timeout = timeout
    this.#forget = forget
  }

  /** @throws {ExpectedError} KUBECTL_MISSING, KUBECTL_FAILED; CLUSTER_UNREACHABLE with what kubectl said. */
  static async start({ command, context, timeout = 60_000 }: ApiProxyOptions): Promise<ApiProxy> {
    const directory = await mkdtemp(join(tmpdir(), 'nodeseed-api-'))
    const forget = onEarlyEnd(() => rmSync(directory, { recursive: true, force: true }))
    const [program = 'kubectl', ...first] = command
    const args = [
      ...first,
      ...(context ? ['--context', context] : []),
      'proxy',
      '--unix-socket',
      join(directory, 'api'),
    ]
    const tool = startTool(program, args, { hasGroup: false })
    try {
      if (!tool) throw kubectlMissing(program)
      await serving(tool, command)
    } catch (error) {
      tool?.stop()
      await rm(directory, { recursive: true, force: true })
      forget()
      throw error
    }
    return new ApiProxy(tool, directory, timeout, forget)
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
        hint: 'See whether kubectl get nodes answers. Give a slow API server more time: --timeout 5m.',
        cause,
      })
    }
  }

  async close(): Promise<void> {
    const { child, stop } = this.#tool
    const ended = new Promise((resolve) => child.once('exit', resolve))
    if (child.exitCode === null && child.signalCode === null) {
      stop()
      await ended
    }
    await rm(this.#directory, { recursive: true, force: true })
    this.#forget()
  }
}

/** Resolves once kubectl says that it serves. */
function serving({ child }: RunningTool, command: readonly string[]): Promise<void> {
  const name = command.join(' ')
  let said = ''
  return new Promise((resolve, reject) => {
    const refuse = (words: string, code: 'CLUSTER_UNREACHABLE' | 'KUBECTL_FAILED' = 'CLUSTER_UNREACHABLE') => {
      clearTimeout(timer)
      reject(new ExpectedError(code, `${name}: ${words}`, { hint: TRY_YOURSELF }))
    }
    const timer = setTimeout(() => refuse(`does not serve after ${START_TIMEOUT / 1000} s`), START_TIMEOUT)
    child.once('error', ({ message }) => refuse(message, 'KUBECTL_FAILED'))
    child.once('exit', (code) => refuse(said.trim() || `ended with ${code}`))
    child.stderr?.on('data', (chunk: Buffer) => {
      if (said.length < MAX_WORDS) said += chunk
    })
    child.stdout?.on('data', (chunk: Buffer) => {
      if (!/Starting to serve/.test(String(chunk))) return
      clearTimeout(timer)
      resolve()
    })
  })
}
