import type { Mutator } from '../../kubernetes/admission/policies/pod-matching.ts'
import type { Labels } from '../../kubernetes/pods/label-selector.ts'

/** What is known of those who change pods as they are made. */
export interface MutationFacts {
  readonly mutators?: readonly Mutator[]
  /** The labels of namespaces, as far as they are known. */
  readonly namespaces?: ReadonlyMap<string, Labels>
  readonly namespaceAnnotations?: ReadonlyMap<string, Labels>
  /** Whether somebody answers for what a mutator adds. */
  readonly isMutationAllowed?: (name: string) => boolean
}
