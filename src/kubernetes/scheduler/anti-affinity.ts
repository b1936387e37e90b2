import type { Pod } from 'kubernetes-types/core/v1.js'
import { objectsOf, textsOf } from '../objects/resource.ts'
import {
  type LabelSelector,
  type Labels,
  neededLabels,
  type PendingLabels,
  selectorKeys,
  selects,
  willSelect,
} from '../pods/label-selector.ts'

/** A required anti-affinity term of pods that run: it keeps others from the nodes that share a label with theirs. */
export interface RepellingTerm {
  /** Equal for the same term of pods of one namespace. */
  readonly key: string
  readonly topologyKey: string
  readonly selector: LabelSelector
  readonly namespaces: readonly string[]
  /** Undefined where it selects no namespace by its labels. */
  readonly namespaceSelector: LabelSelector | undefined
  /** By the value of the topology label: the pod of the highest priority there. */
  readonly topologies: Map<string, { readonly pod: string; readonly priority: number }>
}

/** A pod that is to come, as far as the terms of others ask. */
interface Newcomer {
  readonly namespace: string
  readonly labels: Labels
  readonly pending?: PendingLabels | undefined
}

/** The label of every namespace. */
const NAMESPACE_NAME = 'kubernetes.io/metadata.name'

/** The terms of one pod that runs, without their topologies. */
export function repellingTerms({ metadata, spec }: Pod): Omit<RepellingTerm, 'topologies'>[] {
  const namespace = metadata?.namespace || 'default'
  const required = objectsOf(spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution)
  return required.flatMap((term) => {
    const { topologyKey, labelSelector, namespaces, namespaceSelector } = term
    if (!labelSelector || !topologyKey) return []
    const named = textsOf(namespaces)
    const isOwn = named.length === 0 && !namespaceSelector
    return [
      {
        key: JSON.stringify([namespace, term]),
        topologyKey,
        selector: labelSelector as LabelSelector,
        namespaces: isOwn ? [namespace] : named,
        namespaceSelector: (namespaceSelector ?? undefined) as LabelSelector | undefined,
      },
    ]
  })
}

/** Whether a term is about a pod; undefined where labels that are not known, of it or of its namespace, decide. */
export function repels(
  { selector, namespaces, namespaceSelector }: RepellingTerm,
  { namespace, labels, pending }: Newcomer,
  labelsOf: ReadonlyMap<string, Labels>,
): boolean | undefined {
  const isSelected = willSelect(selector, labels, pending)
  if (isSelected === false) return false
  if (namespaces.includes(namespace)) return isSelected
  if (!namespaceSelector) return false
  const known = { ...labelsOf.get(namespace), [NAMESPACE_NAME]: namespace }
  const isDecided = labelsOf.has(namespace) || selectorKeys(namespaceSelector).every((key) => key === NAMESPACE_NAME)
  if (!isDecided) return undefined
  return selects(namespaceSelector, known) ? isSelected : false
}

/** Finds the terms that may be about a pod without asking each of thousands. */
export class RepellingTerms {
  readonly #byLabel = new Map<string, RepellingTerm[]>()
  readonly #byKey = new Map<string, RepellingTerm[]>()
  readonly #others: RepellingTerm[] = []

  constructor(terms: Iterable<RepellingTerm>) {
    for (const term of terms) {
      const needed = neededLabels(term.selector)
      if (!needed) this.#others.push(term)
      for (const label of needed ?? []) this.#byLabel.set(label, [...(this.#byLabel.get(label) ?? []), term])
      const key = needed?.[0]?.slice(0, needed[0].indexOf('='))
      if (key !== undefined) this.#byKey.set(key, [...(this.#byKey.get(key) ?? []), term])
    }
  }

  candidates({ labels, pending }: Omit<Newcomer, 'namespace'>): RepellingTerm[] {
    const found = Object.entries(labels).flatMap((label) => this.#byLabel.get(label.join('=')) ?? [])
    const may = pending ? [...this.#byKey].flatMap(([key, terms]) => (pending(key) ? terms : [])) : []
    return [...new Set([...found, ...may, ...this.#others])]
  }
}
