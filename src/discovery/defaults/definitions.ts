import { isObject, type Resource } from '../../kubernetes/objects/resource.ts'
import { groupOf, isExcluded } from '../classify/exclusions.ts'
import { type DefaultTree, defaultTree, mayNameImage, withDefaults } from './default-tree.ts'

/** A custom resource that was read before its definition, without the document that it stood in. */
export interface Waiting extends Pick<Resource, 'apiVersion' | 'kind' | 'namespace' | 'name'> {
  readonly file: string
  readonly line: number
  readonly json: string
}

/** By group and kind, then by version. */
export type DefinitionTrees = ReadonlyMap<string, ReadonlyMap<string, DefaultTree>>

/** What is known of definitions, and of the resources that they are for. */
export interface DefinitionNotes {
  readonly trees: DefinitionTrees
  readonly waiting: ReadonlyMap<string, readonly Waiting[]>
  readonly lost: ReadonlySet<string>
  /** The names of all resources that a definition may complete. */
  readonly met: ReadonlySet<string>
}

/** Bytes of custom resources that are kept until a definition comes. */
const MAX_WAITING = 32 * 1024 * 1024

/**
 * The definitions among the inputs whose defaults may name images. Custom resources of their kinds are completed by
 * them; those that come first are kept, as far as there is room.
 */
export class Definitions {
  readonly #known: DefinitionTrees
  readonly #trees: Map<string, ReadonlyMap<string, DefaultTree>>
  readonly #waiting = new Map<string, Waiting[]>()
  #bytes = 0
  readonly #lost = new Set<string>()
  readonly #met = new Set<string>()

  /** `known` were learned before. */
  constructor(known: DefinitionTrees = new Map()) {
    this.#known = known
    this.#trees = new Map(known)
  }

  /** All that is known so far. */
  get known(): DefinitionTrees {
    return new Map(this.#trees)
  }

  get noted(): DefinitionNotes {
    const trees = new Map([...this.#trees].filter(([of, tree]) => this.#known.get(of) !== tree))
    return { trees, waiting: this.#waiting, lost: this.#lost, met: this.#met }
  }

  /**
   * Whether what was noted of later resources by who knew these definitions is what would have been noted here: none that
   * matters to them has come since, and there is room for those that wait.
   */
  mayJoin({ waiting, met }: DefinitionNotes, known: DefinitionTrees): boolean {
    for (const [of, trees] of this.#trees) if (met.has(of) && known.get(of) !== trees) return false
    let bytes = this.#bytes
    for (const kept of waiting.values()) for (const { json } of kept) bytes += json.length
    return bytes <= MAX_WAITING
  }

  /** Takes what was noted of later resources. */
  join({ trees, waiting, lost, met }: DefinitionNotes): void {
    for (const [of, tree] of trees) this.#trees.set(of, tree)
    for (const kept of waiting.values()) for (const one of kept) this.#keep(nameOf(one), one)
    for (const of of lost) this.#lost.add(of)
    for (const of of met) this.#met.add(of)
  }

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
    const of = nameOf({ apiVersion, kind })
    this.#met.add(of)
    const group = groupOf(apiVersion)
    if (!group.includes('.') || group.endsWith('.k8s.io')) return
    if (this.#trees.has(of) || isExcluded({ apiVersion, kind }) || !isObject(value.spec)) return
    const json = JSON.stringify(value)
    this.#keep(of, { apiVersion, kind, namespace, name, file: document.file, line: document.line, json })
  }

  #keep(of: string, waiting: Waiting): void {
    const { length } = waiting.json
    if (this.#bytes + length > MAX_WAITING) {
      this.#lost.add(of)
      return
    }
    this.#bytes += length
    const kept = this.#waiting.get(of) ?? []
    kept.push(waiting)
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
