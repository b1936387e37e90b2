import type { Lock } from '../../bundle/format/lock.ts'
import type { ManifestNeeds } from '../../bundle/lock/manifest-needs.ts'
import { ExpectedError } from '../../errors.ts'
import type { Finding } from '../../finding.ts'
import { parseReference } from '../../oci/reference.ts'
import { describeQuota, type Quota, quotaHint } from '../../registry/client/pull-quota.ts'
import type { RegistryClient } from '../../registry/client/registry-client.ts'

type QuotaOf = (registry: { domain: string }) => Quota | undefined

/** What a run cannot get because a registry gives fewer manifests than it needs. */
export function quotaFindings(needs: ManifestNeeds, quotaOf: QuotaOf): Finding[] {
  return [...needs].flatMap(([domain, count]) => {
    const quota = quotaOf({ domain })
    if (!quota || quota.remaining >= count) return []
    const message = `${domain} still gives ${describeQuota(quota)}, and this run needs ${count} or more`
    return {
      code: 'QUOTA_SHORT',
      severity: 'warning' as const,
      message,
      hint: quotaHint(domain, quota),
      file: undefined,
      line: undefined,
    }
  })
}

/** One line for each registry that counts: what is left. */
export function renderQuotas(domains: Iterable<string>, quotaOf: QuotaOf): string[] {
  return [...new Set(domains)].sort().flatMap((domain) => {
    const quota = quotaOf({ domain })
    return quota ? `${domain} still gives ${describeQuota(quota)}` : []
  })
}

/** Asks each registry of a lock of which something is needed, so that it says how much it gives. Costs no manifest. */
export async function learnQuotas({ images }: Lock, needs: ManifestNeeds, client: RegistryClient): Promise<void> {
  const asked = [...needs.keys()].map(async (domain) => {
    const image = images.find(({ reference }) => parseReference(reference).domain === domain)
    if (!image) return
    try {
      await client.resolve({ ...parseReference(image.reference), digest: image.target.digest })
    } catch (error) {
      // Whoever needs it says so when it is needed.
      if (!(error instanceof ExpectedError)) throw error
    }
  })
  await Promise.all(asked)
}
