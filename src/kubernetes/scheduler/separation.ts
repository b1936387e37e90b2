import type { PodSpec } from 'kubernetes-types/core/v1.js'
import { objectsOf } from '../objects/resource.ts'
import type { Labels, PendingLabels } from '../pods/label-selector.ts'
import { type RepellingTerm, repellingTerms, repels } from './anti-affinity.ts'

/** Pods that are there, or will be, and whose they are. */
export interface Company {
  readonly holder: string
  readonly namespace: string
  readonly labels: Labels
  readonly pending?: PendingLabels | undefined
}

/** What a pod's own required anti-affinity asks of the scheduler, where that can be told before any other pod is placed. */
export interface Separation {
  /** No two pods of the workload share a value of this label; undefined where its terms are not about themselves. */
  readonly topologyKey: string | undefined
}

interface Asking extends Company {
  readonly spec: PodSpec
  /** The labels by which its controller knows its pods. */
  readonly selected: Labels | undefined
}

/**
 * Whether the required anti-affinity of a pod is about pods of its own workload only; undefined where it may be about
 * others. `areAllKnown` tells that `company` has every pod of the cluster; else only a selector that is as narrow as that
 * of the workload is known to find no others.
 */
export function separationOf(
  asking: Asking,
  company: CompanyIndex,
  areAllKnown: boolean,
  namespaces: ReadonlyMap<string, Labels>,
): Separation | undefined {
  const { spec, namespace, holder, labels, pending, selected } = asking
  const written = objectsOf(spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution)
  const terms = repellingTerms({ metadata: { namespace }, spec }).map((term) => ({ ...term, topologies: new Map() }))
  if (terms.length < written.length || written.some((term) => 'mismatchLabelKeys' in term)) return undefined
  for (const term of terms) {
    if (!areAllKnown && !isNarrow(term, namespace, selected)) return undefined
    const others = company.candidates(term).filter((one) => one.holder !== holder)
    if (others.some((one) => repels(term, one, namespaces) !== false)) return undefined
  }
  const answers = terms.map((term) => ({ ...term, isOwn: repels(term, { namespace, labels, pending }, namespaces) }))
  if (answers.some(({ isOwn }) => isOwn === undefined)) return undefined
  const keys = new Set(answers.filter(({ isOwn }) => isOwn).map(({ topologyKey }) => topologyKey))
  return keys.size > 1 ? undefined : { topologyKey: [...keys][0] }
}

/** Whether what a term selects is selected by the workload too: its controller shares its pods with no other. */
function isNarrow({ selector, namespaces, namespaceSelector }: RepellingTerm, own: string, selected: Labels = {}) {
  const labels = Object.entries(selected)
  const isHere = namespaceSelector === undefined && namespaces.every((name) => name === own)
  return isHere && labels.length > 0 && labels.every(([key, value]) => selector.matchLabels?.[key] === value)
}

/** Finds the pods that a term may be about without asking each of thousands. */
export class CompanyIndex {
  readonly #all: readonly Company[]
  readonly #byLabel = new Map<string, Company[]>()
  /** Those of which a label with that key is pending, made as somebody asks. */
  readonly #pending = new Map<string, readonly Company[]>()

  constructor(all: readonly Company[]) {
    this.#all = all
    for (const one of all) {
      for (const [key, value] of Object.entries(one.labels)) {
        const label = `${key}=${value}`
        const same = this.#byLabel.get(label)
        if (same) same.push(one)
        else this.#byLabel.set(label, [one])
      }
    }
  }

  candidates({ selector }: RepellingTerm): readonly Company[] {
    const [label] = Object.entries(selector.matchLabels ?? {})
    if (!label) return this.#all
    const found = this.#byLabel.get(label.join('=')) ?? []
    const may = this.#mayHave(label[0])
    return may.length === 0 ? found : [...new Set([...found, ...may])]
  }

  #mayHave(key: string): readonly Company[] {
    const known = this.#pending.get(key) ?? this.#all.filter(({ pending }) => pending?.(key))
    this.#pending.set(key, known)
    return known
  }
}
