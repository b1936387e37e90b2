import { ExpectedError } from '../errors.ts'
import { findJson } from '../kubernetes/documents/json.ts'
import { isObject } from '../kubernetes/objects/resource.ts'
import { runTool } from '../tools/run-tool.ts'

/** The user's own kubectl, with whatever kubeconfig and credential plugins it has. */
export interface Kubectl {
  /** The program and its first arguments: `['kubectl']`, `['k3s', 'kubectl']`. */
  readonly command: readonly string[]
  readonly context?: string | undefined
}

const MAX_OUTPUT_BYTES = 512 * 1024 * 1024
/** Reading or labelling every node of a large cluster takes seconds; a cluster that answers nothing takes for ever. */
const TIMEOUT = 300_000

/** How kubectl says that no API server answers. Source: kubectl, pkg/cmd/util/helpers.go. */
const UNREACHED = /The connection to the server .* was refused|Unable to connect to the server/

/**
 * Runs kubectl to its end; resolves to what it printed.
 *
 * @throws {ExpectedError} KUBECTL_MISSING; CLUSTER_UNREACHABLE, KUBECTL_FAILED with what it said.
 */
export async function runKubectl({ command, context }: Kubectl, args: readonly string[]): Promise<string> {
  const [program = 'kubectl', ...first] = command
  const all = [...first, ...(context ? ['--context', context] : []), ...args]
  // Without a group of its own it keeps the terminal, which a credential plugin may ask at.
  const result = await runTool(program, all, { timeout: TIMEOUT, maxBytes: MAX_OUTPUT_BYTES, hasGroup: false })
  if (result.outcome === 'done') return result.stdout
  if (result.outcome === 'missing') throw kubectlMissing(program)
  const message = `${program} ${args.slice(0, 2).join(' ')}: ${result.why}`
  if (UNREACHED.test(result.why)) throw new ExpectedError('CLUSTER_UNREACHABLE', message)
  throw new ExpectedError('KUBECTL_FAILED', message, { hint: 'Try the same with kubectl itself.' })
}

/**
 * The items of a `kubectl get … -o json`.
 *
 * @throws {ExpectedError} KUBECTL_MISSING, CLUSTER_UNREACHABLE, KUBECTL_FAILED
 */
export async function listResources<T>(kubectl: Kubectl, args: readonly string[]): Promise<T[]> {
  const text = await runKubectl(kubectl, ['get', ...args, '--output', 'json'])
  const list = findJson(text)
  if (isObject(list) && Array.isArray(list.items)) return list.items as T[]
  const said = JSON.stringify(text.trim().slice(0, 80))
  throw new ExpectedError(
    'KUBECTL_FAILED',
    `${kubectl.command.join(' ')} get ${args[0]}: printed no list but ${said}`,
    {
      hint: 'Try the same with kubectl itself.',
    },
  )
}

/** The failure where there is no such program. */
export function kubectlMissing(program: string): ExpectedError {
  return new ExpectedError('KUBECTL_MISSING', `${program}: not found`, {
    hint: "Install kubectl, or name another one: --kubectl 'k3s kubectl'.",
  })
}
