import type { Mutator } from '../../../kubernetes/admission/policies/pod-matching.ts'

/** What is known of what may refuse pods as they are made. */
export interface RefusalFacts {
  /** Policies whose expressions are not evaluated. */
  readonly refusers?: readonly Mutator[]
  /** The namespaces that are being deleted. */
  readonly endingNamespaces?: ReadonlySet<string>
  /** Whether somebody answers for what may refuse pods. */
  readonly isRefusalAllowed?: (name: string) => boolean
}
