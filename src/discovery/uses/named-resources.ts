import type { Resource } from '../../kubernetes/objects/resource.ts'

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
  /** By kind, then by name: the namespaces. */
  readonly #kinds = new Map<string, Map<string, Set<string | undefined>>>()

  note({ kind, name, namespace }: Pick<Resource, 'kind' | 'name' | 'namespace'>): void {
    if (name === '') return
    const names = this.#kinds.get(kind) ?? new Map<string, Set<string | undefined>>()
    this.#kinds.set(kind, names)
    const namespaces = names.get(name) ?? new Set()
    names.set(name, namespaces.add(namespace))
  }

  has({ kinds, name, isPrefix, namespace }: Wanted): boolean {
    const asked = kinds.length > 0 ? kinds.map((kind) => this.#kinds.get(kind)) : [...this.#kinds.values()]
    return asked.some((names) => {
      if (!names) return false
      const found = isPrefix ? [...names.keys()].filter((one) => one.startsWith(`${name}.`)) : [name]
      return found.some((one) => isIn(names.get(one), namespace))
    })
  }
}

/** What names no namespace is put into one by whoever applies it. */
function isIn(namespaces: ReadonlySet<string | undefined> | undefined, wanted: string | undefined): boolean {
  if (!namespaces) return false
  return wanted === undefined || namespaces.has(undefined) || namespaces.has(wanted)
}
