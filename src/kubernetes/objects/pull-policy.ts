import { findReference } from '../../oci/reference.ts'

export type PullPolicy = 'Always' | 'IfNotPresent' | 'Never'

export const PULL_POLICIES: readonly PullPolicy[] = ['Always', 'IfNotPresent', 'Never']

/**
 * The policy that the API server fills in where the field is empty: Always for the tag `latest` (also the implied one,
 * and also beside a digest), else IfNotPresent; an image that does not parse gets IfNotPresent.
 * Source: kubernetes, pkg/apis/core/v1/defaults.go, SetDefaults_Container, the same from 1.25 to 1.37.
 */
export function defaultPullPolicy(image: string): PullPolicy {
  const reference = findReference(image)
  if (!reference) return 'IfNotPresent'
  const tag = reference.tag ?? (reference.digest ? '' : 'latest')
  return tag === 'latest' ? 'Always' : 'IfNotPresent'
}

/** From this version on nobody has read what an API server fills in. */
const FIRST_UNREAD_MINOR = 38

/**
 * Whether an API server of at least a version may fill in IfNotPresent where {@link defaultPullPolicy} says Always: for the
 * tag `latest` beside a digest. No version up to 1.37 does; KEP-6083, which would, is provisional.
 */
export function mayDefaultByDigest(image: string, minor: number): boolean {
  const reference = findReference(image)
  return minor >= FIRST_UNREAD_MINOR && reference?.tag === 'latest' && reference.digest !== undefined
}

/** The stored field where there is one, whatever it says; the API server rejects other words than {@link PULL_POLICIES}. */
export function effectivePullPolicy(field: string | undefined, image: string): string {
  return field || defaultPullPolicy(image)
}
