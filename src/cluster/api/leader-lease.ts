import { setTimeout as sleep } from 'node:timers/promises'
import { ExpectedError } from '../../errors.ts'
import { type ApiClient, refused } from './api-client.ts'

interface LeaderLeaseOptions {
  readonly namespace: string
  readonly name: string
  /** Who we are: the name of the pod. */
  readonly identity: string
  /** Milliseconds for which nobody else takes it after it was renewed. */
  readonly duration?: number
  readonly onChange: (isHeld: boolean) => void
  readonly onError: (error: ExpectedError) => void
}

interface LeaseSpec {
  readonly holderIdentity?: string
  readonly renewTime?: string
}

/**
 * The lock that one of several replicas holds, as client-go's leaderelection takes it: whoever holds it renews it; it is
 * free when it was not renewed for its duration, by the clock of who looks and not by that of who holds it.
 */
export class LeaderLease {
  readonly #client: ApiClient
  readonly #options: LeaderLeaseOptions
  readonly #duration: number
  /** What was seen of it last, and when, by our own clock. */
  #seen: { readonly spec: string; readonly at: number } | undefined
  #heldUntil = 0

  constructor(client: ApiClient, options: LeaderLeaseOptions) {
    this.#client = client
    this.#options = options
    this.#duration = options.duration ?? 15_000
  }

  /** Whether we may act: false as soon as it could be another's, also when the API server does not answer. */
  get isHeld(): boolean {
    return performance.now() < this.#heldUntil
  }

  /** Takes it and renews it until the signal says to end; then gives it up, so that another need not wait. */
  async run(signal: AbortSignal): Promise<void> {
    let wasHeld = false
    while (!signal.aborted) {
      try {
        await this.#renew()
      } catch (error) {
        if (!(error instanceof ExpectedError)) throw error
        this.#options.onError(error)
      }
      if (this.isHeld !== wasHeld) this.#options.onChange(!wasHeld)
      wasHeld = this.isHeld
      await sleep(this.#duration / 5, undefined, { signal }).catch(() => {})
    }
    if (this.isHeld) await this.#release().catch(() => {})
  }

  async #renew(): Promise<void> {
    const { identity } = this.#options
    const asked = performance.now()
    const { status, body } = await this.#client.call('GET', this.#path)
    if (status === 404) return this.#write('POST', this.#collection, this.#object({}), asked)
    if (status !== 200) throw refused('GET', this.#path, { status, body })
    const { holderIdentity = '', renewTime } = (body.spec ?? {}) as LeaseSpec
    const spec = `${holderIdentity} ${renewTime}`
    if (this.#seen?.spec !== spec) this.#seen = { spec, at: asked }
    const isFree = holderIdentity === '' || holderIdentity === identity || asked - this.#seen.at > this.#duration
    if (!isFree) return
    await this.#write('PUT', this.#path, this.#object(body.metadata), asked)
  }

  async #write(method: string, path: string, body: object, asked: number): Promise<void> {
    const answer = await this.#client.call(method, path, { body })
    // 409: another replica was first.
    if (answer.status === 409) return
    if (answer.status >= 300) throw refused(method, path, answer)
    this.#heldUntil = asked + (this.#duration * 2) / 3
  }

  async #release(): Promise<void> {
    const { body } = await this.#client.call('GET', this.#path)
    if (body?.spec?.holderIdentity !== this.#options.identity) return
    this.#heldUntil = 0
    await this.#client.call('PUT', this.#path, { body: { ...body, spec: { ...body.spec, holderIdentity: '' } } })
  }

  #object(metadata: object): object {
    const { namespace, name, identity } = this.#options
    const spec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.#duration / 1000),
      renewTime: new Date().toISOString().replace('Z', '000Z'),
    }
    return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { ...metadata, namespace, name }, spec }
  }

  get #collection(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${this.#options.namespace}/leases`
  }

  get #path(): string {
    return `${this.#collection}/${this.#options.name}`
  }
}
