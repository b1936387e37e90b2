import type { Resource } from '../../kubernetes/objects/resource.ts'
import { ownText } from '../uses/image-use.ts'
import { joinCollected } from './collected.ts'

/** How a resource is asked for; no kinds stand for any, no namespace for every one. */
interface Wanted {
  readonly kinds: readonly string[]
  readonly name: string
  /** Of `web` also `web.v1.2` is meant. */
  readonly isPrefix: boolean
  readonly namespace: string | undefined
}

/** The names of the resources that were read, so that it can be told whether one that another names is here. */
export class NamedResources {
  /** By kind, then by namespace: the names. Thousands of names are in one namespace, and few in several. */
  readonly #kinds = new Map<string, Map<string | undefined, Set<string>>>()

  get noted(): Map<string, Map<string | undefined, Set<string>>> {
    return this.#kinds
  }

  /** Takes what was noted of later resources. */
  join(later: NamedResources['noted']): void {
    joinCollected({ kinds: this.#kinds }, { kinds: later })
  }

  note({ kind, name, namespace }: Pick<Resource, 'kind' | 'name' | 'namespace'>): void {
    if (name === '') return
    let namespaces = this.#kinds.get(kind)
    if (!namespaces) {
      namespaces = new Map()
      this.#kinds.set(ownText(kind), namespaces)
    }
    const names = namespaces.get(namespace)
    // A name from a parser is a window on the whole file, which it would keep in memory.
    if (names?.has(name)) return
    if (names) names.add(ownText(name))
    else namespaces.set(namespace && ownText(namespace), new Set([ownText(name)]))
  }

  has({ kinds, name, isPrefix, namespace }: Wanted): boolean {
    const asked = kinds.length > 0 ? kinds.map((kind) => this.#kinds.get(kind)) : [...this.#kinds.values()]
    return asked.some((namespaces = new Map()) =>
      // What names no namespace is put into one by whoever applies it.
      [...namespaces].some(([own, names]) => {
        const isIn = namespace === undefined || own === undefined || own === namespace
        return isIn && (isPrefix ? [...names].some((one) => one.startsWith(`${name}.`)) : names.has(name))
      }),
    )
  }
}
