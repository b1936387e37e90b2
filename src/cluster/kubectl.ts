import { execFile } from 'node:child_process'
import { ExpectedError } from '../errors.ts'

/** The user's own kubectl, with whatever kubeconfig and credential plugins it has. */
export interface Kubectl {
  /** The program and its first arguments: `['kubectl']`, `['k3s', 'kubectl']`. */
  readonly command: readonly string[]
  readonly context?: string | undefined
}

const MAX_OUTPUT_BYTES = 512 * 1024 * 1024

/**
 * Runs kubectl to its end; resolves to what it printed.
 *
 * @throws {ExpectedError} KUBECTL_MISSING; KUBECTL_FAILED with what it said.
 */
export function runKubectl({ command, context }: Kubectl, args: readonly string[]): Promise<string> {
  const [program = 'kubectl', ...first] = command
  const all = [...first, ...(context ? ['--context', context] : []), ...args]
  return new Promise((resolve, reject) => {
    execFile(program, all, { maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
      if (!error) resolve(stdout)
      else reject(failure(program, args, error, stderr))
    })
  })
}

/**
 * The items of a `kubectl get … -o json`.
 *
 * @throws {ExpectedError} KUBECTL_MISSING, KUBECTL_FAILED
 */
export async function listResources<T>(kubectl: Kubectl, args: readonly string[]): Promise<T[]> {
  const text = await runKubectl(kubectl, ['get', ...args, '--output', 'json'])
  const { items } = JSON.parse(text) as { items?: T[] }
  return items ?? []
}

/** The failure where there is no such program. */
export function kubectlMissing(program: string, cause: Error): ExpectedError {
  return new ExpectedError('KUBECTL_MISSING', `${program}: not found`, {
    hint: "Install kubectl, or name another one: --kubectl 'k3s kubectl'.",
    cause,
  })
}

function failure(program: string, args: readonly string[], error: Error, stderr: string): ExpectedError {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return kubectlMissing(program, error)
  const said = stderr.trim().split('\n').at(-1) ?? error.message
  return new ExpectedError('KUBECTL_FAILED', `${program} ${args.slice(0, 2).join(' ')}: ${said}`, {
    hint: 'Try the same with kubectl itself.',
    cause: error,
  })
}
