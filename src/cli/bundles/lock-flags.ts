import { Flags } from '@oclif/core'
import { editionFlags } from '../flags/bundle-file-flags.ts'
import { platformFlags } from '../flags/platform-flags.ts'
import { repeatable } from '../flags/repeatable.ts'
import { scanFlags } from '../flags/scan-flags.ts'
import { registryFlags } from '../registry/registry-flags.ts'

/** Flags of lock, and of bundle, which locks what is not locked yet. */
export const lockFlags = {
  ...editionFlags,
  image: repeatable({ description: 'take this image too (repeatable)', helpValue: 'REF' }),
  referrers: Flags.boolean({
    description:
      "carry along what is attached to the images: signatures, SBOMs, attestations, by the referrers API and cosign's tags",
  }),
  attestations: Flags.boolean({
    description:
      'carry along only the attestations (provenance, SBOM) that BuildKit puts into an index; --referrers has them too',
  }),
  ...scanFlags,
  ...platformFlags,
  ...registryFlags,
}
