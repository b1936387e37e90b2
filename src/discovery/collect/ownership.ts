import type { Finding } from '../../finding.ts'
import { isObject, objectsOf, type Resource } from '../../kubernetes/objects/resource.ts'
import { isFinished } from '../../kubernetes/objects/workload.ts'
import { type ImageUse, ownText } from '../uses/image-use.ts'
import { joinCollected } from './collected.ts'

type Named = Pick<Resource, 'apiVersion' | 'kind' | 'namespace' | 'name'>

interface Owned {
  readonly owner: string
  /** It runs nothing, and is there to go back to: a ReplicaSet of no replicas, a Job that is over. */
  readonly isHistory: boolean
}

/** What is owned by whom, and what may own, by their keys. */
interface OwnershipNotes {
  readonly owned: Map<string, Owned>
  readonly there: Set<string>
}

/** What of a live cluster belongs to something else of it: Pods to ReplicaSets, those to Deployments, Jobs to CronJobs. */
export class Ownership {
  readonly #noted = { owned: new Map<string, Owned>(), there: new Set<string>() }

  get noted(): OwnershipNotes {
    return this.#noted
  }

  /** Takes what was noted of later resources. */
  join(later: OwnershipNotes): void {
    joinCollected(this.#noted, later)
  }

  /** Takes every resource of the inputs, in any order. */
  note(resource: Resource): void {
    const { apiVersion, kind, value } = resource
    const mayOwn = apiVersion.includes('/') || kind === 'ReplicationController'
    if (!MANAGED.has(kind) && !mayOwn) return
    const key = keyOf(resource)
    if (mayOwn) this.#noted.there.add(key)
    const owner = MANAGED.has(kind) ? controllerOf(resource) : undefined
    if (owner) this.#noted.owned.set(key, { owner: keyOf(owner), isHistory: isHistory(kind, value) })
  }

  /** Whether something else of the inputs, or a node, stands for it. */
  isManaged(resource: Named): boolean {
    const key = keyOf(resource)
    const owned = this.#noted.owned.get(key)
    if (!owned) return false
    return owned.isHistory || owned.owner.startsWith('Node ') || this.#rootOf(key) !== key
  }

  /**
   * Uses without those that say the same as what stands for their resource, and without those of the past. An image that
   * only the owned resource names stays: admission put it there, or a roll-out is under way.
   */
  fold(uses: readonly ImageUse[]): { kept: ImageUse[]; folded: ImageUse[]; past: ImageUse[] } {
    const result = { kept: [] as ImageUse[], folded: [] as ImageUse[], past: [] as ImageUse[] }
    if (this.#noted.owned.size === 0) return { ...result, kept: [...uses] }
    const keys = uses.map(({ workload }) => keyOf(workload))
    const named = new Set(uses.map(({ image, reference }, index) => `${keys[index]} ${image ?? reference}`))
    for (const [index, use] of uses.entries()) {
      const key = keys[index] ?? ''
      const root = this.#rootOf(key)
      if (root !== key && named.has(`${root} ${use.image ?? use.reference}`)) result.folded.push(use)
      else if (this.#isPast(key)) result.past.push(use)
      else result.kept.push(use)
    }
    return result
  }

  /** The outermost owner among the inputs; the resource itself where there is none. */
  #rootOf(key: string): string {
    let root = key
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      const owner = this.#noted.owned.get(root)?.owner
      const next =
        owner === undefined ? undefined : [owner, guessedOwner(owner)].find((one) => this.#noted.there.has(one))
      if (next === undefined) return root
      root = next
    }
    return root
  }

  #isPast(key: string): boolean {
    const owned = this.#noted.owned.get(key)
    return owned !== undefined && (owned.isHistory || this.#noted.owned.get(owned.owner)?.isHistory === true)
  }
}

const MANAGED: ReadonlySet<string> = new Set(['Pod', 'ReplicaSet', 'Job', 'ControllerRevision'])
const MAX_DEPTH = 8

function keyOf({ apiVersion, kind, namespace = '', name }: Named): string {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  // Texts of a parser are windows on the whole file, and would keep it in memory.
  return ownText(`${kind} ${group} ${namespace} ${name}`)
}

function controllerOf({ value, namespace }: Resource): Named | undefined {
  const metadata = isObject(value.metadata) ? value.metadata : {}
  const owners = objectsOf(metadata.ownerReferences as readonly Record<string, unknown>[] | undefined)
  const owner = owners.find(({ controller }) => controller === true) ?? owners[0]
  if (!owner || typeof owner.kind !== 'string' || typeof owner.name !== 'string') return undefined
  const apiVersion = typeof owner.apiVersion === 'string' ? owner.apiVersion : ''
  return { apiVersion, kind: owner.kind, namespace: owner.kind === 'Node' ? undefined : namespace, name: owner.name }
}

/** A ReplicaSet that is not among the inputs is named after its Deployment, a Job after its CronJob. */
function guessedOwner(key: string): string {
  return key
    .replace(/^ReplicaSet apps (.*)-[a-z0-9]{1,10}$/, 'Deployment apps $1')
    .replace(/^Job batch (.*)-\d{1,12}$/, 'CronJob batch $1')
}

function isHistory(kind: string, value: Readonly<Record<string, unknown>>): boolean {
  const spec = isObject(value.spec) ? value.spec : {}
  const status = isObject(value.status) ? value.status : {}
  if (kind === 'ReplicaSet') return spec.replicas === 0 && !status.replicas
  return kind === 'Job' && isFinished({ kind, status })
}

/** Whether something stands where one of the uses does. */
export function placesOf(uses: readonly ImageUse[]): (finding: Pick<Finding, 'file' | 'line'>) => boolean {
  const places = new Set(uses.map(({ file, line }) => `${file}:${line}`))
  return ({ file, line }) => places.has(`${file}:${line}`)
}
