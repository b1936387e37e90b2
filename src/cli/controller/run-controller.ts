import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import { type ApiClient, refused } from '../../cluster/api/api-client.ts'
import { LeaderLease } from '../../cluster/api/leader-lease.ts'
import { WatchedList } from '../../cluster/api/watched-list.ts'
import { ExpectedError } from '../../errors.ts'
import { nameOfNode } from '../../kubernetes/objects/node.ts'
import { renderControllerMetrics } from '../../seed/controller/controller-metrics.ts'
import { type NodeChange, nodeChange, patchOf } from '../../seed/controller/node-change.ts'
import { CONTROLLER_LEASE } from '../../seed/output/controller-resources.ts'
import { SET_LABEL } from '../../seed/output/daemon-set.ts'

interface ControllerOptions {
  readonly namespace: string
  /** The name of this replica. */
  readonly identity: string
  /** Milliseconds. */
  readonly grace: number
  readonly say: (text: string) => void
}

/** Milliseconds after which everything is looked at again though nothing was heard: a grace may be over. */
const INTERVAL = 5_000

/** Keeps labels and startup taints of nodes as their seeding pods report; of several replicas one does. */
export class Controller {
  readonly #client: ApiClient
  readonly #options: ControllerOptions
  readonly #nodes: WatchedList<Node>
  readonly #pods: WatchedList<Pod>
  readonly #lease: LeaderLease
  readonly #changes = new Map<string, NodeChange>()
  #wake = () => {}
  #heard = true
  #lastAnswer: number | undefined
  #patches = 0
  #errors = 0

  constructor(client: ApiClient, options: ControllerOptions) {
    this.#client = client
    this.#options = options
    const { namespace, identity, say } = options
    const onError = (error: ExpectedError) => this.#fail(error)
    const onChange = () => {
      this.#lastAnswer = Date.now()
      this.#heard = true
      this.#wake()
    }
    this.#nodes = new WatchedList<Node>(client, '/api/v1/nodes', { onError, onChange })
    const query = `labelSelector=${encodeURIComponent(SET_LABEL)}`
    this.#pods = new WatchedList<Pod>(client, `/api/v1/namespaces/${namespace}/pods?${query}`, { onError, onChange })
    this.#lease = new LeaderLease(client, {
      ...{ namespace, name: CONTROLLER_LEASE, identity, onError },
      onChange: (isHeld) => {
        say(`${identity} ${isHeld ? 'acts' : 'stands by'}`)
        onChange()
      },
    })
  }

  /** Runs until the signal says to end. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#wake())
    await Promise.all([this.#nodes.run(signal), this.#pods.run(signal), this.#lease.run(signal), this.#act(signal)])
  }

  /** For Prometheus. */
  metrics(): string {
    return renderControllerMetrics({
      ...{ changes: this.#changes, pods: this.#pods.objects ?? [], isLeader: this.#lease.isHeld },
      ...{ lastAnswer: this.#lastAnswer, patches: this.#patches, errors: this.#errors },
    })
  }

  async #act(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (!this.#heard) await this.#somethingHappens()
      if (signal.aborted) return
      this.#heard = false
      await this.#reconcile(signal)
    }
  }

  async #somethingHappens(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, INTERVAL)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = () => {}
  }

  /** Nothing is decided before both lists were read: a node whose pods are not known is not a node without pods. */
  async #reconcile(signal: AbortSignal): Promise<void> {
    const [nodes, pods] = [this.#nodes.objects, this.#pods.objects]
    if (!nodes || !pods) return
    const podsOf = Map.groupBy(pods, ({ spec }) => spec?.nodeName ?? '')
    const names = new Set(nodes.map(nameOfNode))
    for (const name of this.#changes.keys()) if (!names.has(name)) this.#changes.delete(name)
    for (const node of nodes) {
      const name = nameOfNode(node)
      const change = nodeChange(node, podsOf.get(name) ?? [], { now: Date.now(), grace: this.#options.grace })
      this.#tell(name, change)
      this.#changes.set(name, change)
      const patch = patchOf(change, node)
      if (patch && this.#lease.isHeld && !signal.aborted) await this.#patch(name, patch, change)
    }
  }

  /** Each change of a node's state is one line in the log. */
  #tell(name: string, { state, why }: NodeChange): void {
    const before = this.#changes.get(name)
    if (state === 'unselected' || (before?.state === state && before.why === why)) return
    this.#options.say(`node ${name}: ${state}${why === undefined ? '' : `: ${why}`}`)
  }

  async #patch(name: string, body: object, { labels, taints }: NodeChange): Promise<void> {
    const path = `/api/v1/nodes/${name}`
    try {
      const answer = await this.#client.call('PATCH', path, { body, contentType: 'application/merge-patch+json' })
      // 404: it has gone. 409: somebody else changed it; the watch brings what it is now.
      if (answer.status === 404 || answer.status === 409) return
      if (answer.status >= 300) throw refused('PATCH', path, answer)
      this.#patches++
      const words = Object.entries(labels).map(([key, value]) => `${value === null ? '-' : '+'}${key}`)
      this.#options.say(`node ${name}: ${[...words, ...(taints ? ['startup taint taken away'] : [])].join(' ')}`)
    } catch (error) {
      if (!(error instanceof ExpectedError)) throw error
      this.#fail(error)
    }
  }

  #fail(error: ExpectedError): void {
    this.#errors++
    this.#options.say(`error: ${error.message}`)
  }
}
