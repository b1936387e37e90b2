import { quote } from '../quote.ts'
import { carryCommands } from './carry-commands.ts'
import { applyCommand } from './files/apply-command.ts'
import type { SeedingPlan } from './plan.ts'
import { OBSOLETE_FILE } from './previous/previous-seeding.ts'

interface Steps {
  /** What the workloads were read from, as the command line has it. */
  readonly inputs: readonly string[]
  readonly bundle: string
  /** What makes the bundle, where it is not there yet. */
  readonly make: string | undefined
  readonly output: string
  readonly registry: string | undefined
  /** What makes one file of a bundle that lies in parts. */
  readonly join: string | undefined
  /** Whether another seeding is in the cluster, whose pods must be able to start until the end. */
  readonly isNext: boolean
}

/** What the operator does, in this order, with what `seed` wrote to `output`: each step as its lines. */
export function seedSteps(
  plan: SeedingPlan,
  { inputs, bundle, make, output, registry, join, isNext }: Steps,
): string[][] {
  const { nodes, bundlePath, namespace, files } = plan
  const groups = [...new Set(nodes.map(({ group }) => group))]
  const guard = files.filter(({ path }) => path.startsWith('guard/'))
  const guarding = guard.length > 0 ? [[`${applyCommand(guard)} ${quote(`${output}/guard`)}`]] : []
  const obsolete = files.some(({ path }) => path === OBSOLETE_FILE)
  const carried = carryCommands(nodes, bundle, bundlePath)
  return [
    ...(make ? [[make]] : []),
    // Only where a command takes one file; the node script reads parts as they are.
    ...(join && carried.length > 0 ? [[join]] : []),
    registry
      ? [`let ${registry} serve ${quote(bundle)}: nodeseed serve`]
      : [...carried, ...(carried.length < nodes.length ? [copyStep(bundle, bundlePath, join !== undefined)] : [])],
    [
      `${applyCommand(files.filter(({ path }) => path.startsWith('seeding/')))} ${quote(`${output}/seeding`)}`,
      ...groups.map((group) => `kubectl -n ${namespace} rollout status daemonset/seed-${group}`),
    ],
    [`sh ${quote(`${output}/labels.sh`)}`],
    ...(obsolete ? [[`kubectl delete --ignore-not-found -f ${quote(`${output}/${OBSOLETE_FILE}`)}`]] : []),
    ...(isNext ? guarding : []),
    patchStep(inputs, output),
    ...(isNext ? [[`nodeseed label ${quote(output)} --prune, once every workload has changed over`]] : guarding),
  ]
}

/** What was read from standard input, or not at all, has no name here. */
function patchStep(inputs: readonly string[], output: string): string[] {
  const named = inputs.length > 0 && !inputs.includes('-') ? inputs.map(quote).join(' ') : 'MANIFESTS'
  return [
    `nodeseed patch ${named} --placement ${quote(output)} > patched.yaml; audit that, and apply it`,
    `or name ${quote(`${output}/workloads`)} under "components:" in the kustomization of your workloads`,
  ]
}

function copyStep(bundle: string, bundlePath: string, isInParts: boolean): string {
  const parts = isInParts ? '.part???' : ''
  return `copy ${quote(bundle)}${parts} to ${quote(bundlePath)}${parts} on each node`
}
