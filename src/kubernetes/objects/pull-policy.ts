import { findReference } from '../../oci/reference.ts'

export type PullPolicy = 'Always' | 'IfNotPresent' | 'Never'

export const PULL_POLICIES: readonly PullPolicy[] = ['Always', 'IfNotPresent', 'Never']

/**
 * The policy that the API server fills in where the field is empty: Always for the tag `latest` (also the implied one,
 * and also beside a digest), else IfNotPresent; an image that does not parse gets IfNotPresent.
 * Source: kubernetes, pkg/apis/core/v1/defaults.go, SetDefaults_Container, the same from 1.25 to 1.36.
 */
export function defaultPullPolicy(image: string): PullPolicy {
  const reference = findReference(image)
  if (!reference) return 'IfNotPresent'
  const tag = reference.tag ?? (reference.digest ? '' : 'latest')
  return tag === 'latest' ? 'Always' : 'IfNotPresent'
}

/** The stored field where there is one, whatever it says; the API server rejects other words than {@link PULL_POLICIES}. */
export function effectivePullPolicy(field: string | undefined, image: string): string {
  return field || defaultPullPolicy(image)
}
