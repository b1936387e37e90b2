import type { Lock } from '../../bundle/format/lock.ts'
import type { ManifestNeeds } from '../../bundle/lock/manifest-needs.ts'
import type { KnownQuota } from '../../bundle/lock/quota-findings.ts'
import { ExpectedError } from '../../errors.ts'
import { parseReference } from '../../oci/reference.ts'
import type { RegistryClient } from '../../registry/client/registry-client.ts'
import { describeQuota, type Quota, quotaHint } from '../../registry/http/pull-quota.ts'

type QuotaOf = (registry: { domain: string }) => Quota | undefined

/** Says what a client has heard of quotas in the words of a lock. */
export function knownQuota(domain: string, quotaOf: QuotaOf): KnownQuota | undefined {
  const quota = quotaOf({ domain })
  if (!quota) return undefined
  return { remaining: quota.remaining, description: describeQuota(quota), hint: quotaHint(domain, quota) }
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
