import { setTimeout as sleep } from 'node:timers/promises'
import { ExpectedError } from '../../errors.ts'
import { isObject } from '../../kubernetes/objects/resource.ts'
import type { ApiClient } from './api-client.ts'

/** What every object of the API has of its name. */
interface NamedObject {
  readonly metadata?: { readonly name?: string; readonly namespace?: string; readonly resourceVersion?: string }
}

interface WatchedListOptions {
  /** Hears that something may have changed. */
  readonly onChange: () => void
  /** Hears why the API server could not be asked; it is asked again, less and less often. */
  readonly onError: (error: ExpectedError) => void
}

/** Seconds after which the server ends a watch; without a byte for a little longer it has gone. */
const WATCH_SECONDS = 240
const FIRST_WAIT = 500
const LONGEST_WAIT = 30_000

/** The objects of a collection as they are now, kept up to date by a watch, also over outages of the API server. */
export class WatchedList<T extends NamedObject> {
  readonly #client: ApiClient
  readonly #path: string
  readonly #options: WatchedListOptions
  #objects: Map<string, T> | undefined

  constructor(client: ApiClient, path: string, options: WatchedListOptions) {
    this.#client = client
    this.#path = path
    this.#options = options
  }

  /** Undefined until the API server answered for the first time. */
  get objects(): readonly T[] | undefined {
    return this.#objects && [...this.#objects.values()]
  }

  /** Runs until the signal says to end. */
  async run(signal: AbortSignal): Promise<void> {
    let wait = FIRST_WAIT
    while (!signal.aborted) {
      try {
        const { items, resourceVersion } = await this.#client.list<T>(this.#path)
        this.#objects = new Map(items.map((item) => [keyOf(item), item]))
        this.#options.onChange()
        wait = FIRST_WAIT
        await this.#follow(resourceVersion, signal)
      } catch (error) {
        if (signal.aborted) return
        if (!(error instanceof ExpectedError)) throw error
        this.#options.onError(error)
        await sleep(wait, undefined, { signal }).catch(() => {})
        wait = Math.min(LONGEST_WAIT, wait * 2)
      }
    }
  }

  /** Follows watches until one says that the list has to be read again. */
  async #follow(from: string, signal: AbortSignal): Promise<void> {
    for (let version = from; !signal.aborted; ) {
      const query = `watch=true&allowWatchBookmarks=true&timeoutSeconds=${WATCH_SECONDS}&resourceVersion=${version}`
      const path = `${this.#path}${this.#path.includes('?') ? '&' : '?'}${query}`
      for await (const event of this.#client.watch(path, { signal, timeout: (WATCH_SECONDS + 30) * 1000 })) {
        if (!isObject(event) || !isObject(event.object) || event.type === 'ERROR') return
        const object = event.object as T
        version = object.metadata?.resourceVersion ?? version
        if (event.type === 'BOOKMARK') continue
        if (event.type === 'DELETED') this.#objects?.delete(keyOf(object))
        else this.#objects?.set(keyOf(object), object)
        this.#options.onChange()
      }
    }
  }
}

function keyOf({ metadata }: NamedObject): string {
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`
}
