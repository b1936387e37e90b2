import { type Finding, finding } from '../../finding.ts'
import type { ManifestNeeds } from './manifest-needs.ts'

/** What a registry says of how many manifests it still gives, and what helps where that is too few. */
export interface KnownQuota {
  readonly remaining: number
  /** `12 of 100 manifests in 6 hours`. */
  readonly description: string
  readonly hint: string
}

/** What a run cannot get because a registry gives fewer manifests than it needs. */
export function quotaFindings(
  needs: ManifestNeeds,
  quotaOf: (registry: string) => KnownQuota | undefined,
): readonly Finding[] {
  return [...needs].flatMap(([registry, count]): Finding[] => {
    const quota = quotaOf(registry)
    if (!quota || quota.remaining >= count) return []
    const message = `${registry} still gives ${quota.description}, and this run needs ${count} or more`
    return [finding('QUOTA_SHORT', message, { hint: quota.hint })]
  })
}
