import { isObject, type Resource } from '../../kubernetes/objects/resource.ts'
import { groupOf, isExcluded } from '../classify/exclusions.ts'
import { type DefaultTree, defaultTree, mayNameImage, withDefaults } from './default-tree.ts'

/** A custom resource that was read before its definition, without the document that it stood in. */
export interface Waiting extends Pick<Resource, 'apiVersion' | 'kind' | 'namespace' | 'name'> {
  readonly file: string
  readonly line: number
  readonly json: string
}

/** Bytes of custom resources that are kept until a definition comes. */
const MAX_WAITING = 32 * 1024 * 1024

/**
 * The definitions among the inputs whose defaults may name images. Custom resources of their kinds are completed by
 * them; those that come first are kept, as far as there is room.
 */
export class Definitions {
  readonly #trees = new Map<string, Map<string, DefaultTree>>()
  readonly #waiting = new Map<string, Waiting[]>()
  #bytes = 0
  readonly #lost = new Set<string>()

  /** Takes what a definition sets by default. */
  learn({ value }: Pick<Resource, 'value'>): void {
    const spec = isObject(value.spec) ? value.spec : {}
    const names = isObject(spec.names) ? spec.names : {}
    const trees = treesOf(spec)
    if (trees.size > 0) this.#trees.set(`${spec.group}/${names.kind}`, trees)
  }

  /** The resource with the defaults of its version; the same one where there are none. */
  complete<R extends Pick<Resource, 'apiVersion' | 'kind' | 'value'>>(resource: R): R {
    const trees = this.#trees.size > 0 ? this.#trees.get(nameOf(resource)) : undefined
    if (!trees) return resource
    const version = resource.apiVersion.slice(resource.apiVersion.indexOf('/') + 1)
    const tree = trees.get(version) ?? trees.get(STORAGE)
    return tree ? { ...resource, value: withDefaults(tree, resource.value) as Resource['value'] } : resource
  }

  /** Keeps a custom resource whose definition may still come. */
  wait({ apiVersion, kind, namespace, name, value, document }: Resource): void {
    const group = groupOf(apiVersion)
    if (!group.includes('.') || group.endsWith('.k8s.io')) return
    const of = nameOf({ apiVersion, kind })
    if (this.#trees.has(of) || isExcluded({ apiVersion, kind }) || !isObject(value.spec)) return
    const json = JSON.stringify(value)
    if (this.#bytes + json.length > MAX_WAITING) {
      this.#lost.add(of)
      return
    }
    this.#bytes += json.length
    const kept = this.#waiting.get(of) ?? []
    kept.push({ apiVersion, kind, namespace, name, file: document.file, line: document.line, json })
    this.#waiting.set(of, kept)
  }

  /** The resources that came before their definition. */
  late(): Waiting[] {
    return [...this.#waiting].flatMap(([of, kept]) => (this.#trees.has(of) ? kept : []))
  }

  /** Kinds of which some resources came too early to be kept. */
  lost(): string[] {
    return [...this.#lost].filter((of) => this.#trees.has(of))
  }
}

/** The name under which the tree of the stored version is found too. */
const STORAGE = ''

function treesOf(spec: Record<string, unknown>): Map<string, DefaultTree> {
  const trees = new Map<string, DefaultTree>()
  const add = (version: string, holder: unknown) => {
    const tree = defaultTree(isObject(holder) ? holder.openAPIV3Schema : undefined)
    if (tree && mayNameImage(tree)) trees.set(version, tree)
  }
  // One schema for all versions, as the first form of definitions had it.
  add(STORAGE, spec.validation)
  for (const version of Array.isArray(spec.versions) ? spec.versions : []) {
    if (!isObject(version) || typeof version.name !== 'string') continue
    add(version.name, version.schema)
    if (version.storage === true) add(STORAGE, version.schema)
  }
  return trees
}

function nameOf({ apiVersion, kind }: Pick<Resource, 'apiVersion' | 'kind'>): string {
  return `${groupOf(apiVersion)}/${kind}`
}
