import { Flags } from '@oclif/core'
import { editionFlags } from '../flags/bundle-file-flags.ts'
import { platformFlags } from '../flags/platform-flags.ts'
import { repeatable } from '../flags/repeatable.ts'
import { scanFlags } from '../flags/scan-flags.ts'
import { registryFlags } from '../registry/registry-flags.ts'
import { verifyFlags } from '../signatures/verify-flags.ts'

/** Flags of commands that look images up: where they may be besides registries. */
const fromFlags = {
  from: repeatable({
    description:
      'take images from this bundle or archive, or from docker-daemon:NAME, containers-storage:NAME, containerd:NAME of this machine (NAME left out: whatever is wanted), before any registry; NAME=PATH names the one image of a place; without INPUT and --image all that is there (repeatable; the first that has an image decides)',
    helpValue: 'PLACE',
  }),
  offline: Flags.boolean({
    description: 'ask no registry: what none of these places has is an error',
    exclusive: ['referrers'],
  }),
}

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
  charts: Flags.boolean({
    description: 'look into the charts and artifacts in registries that resources name (HelmRelease, Application, ...)',
    default: true,
    allowNo: true,
  }),
  'allow-missing': Flags.boolean({
    description: 'go on without images that cannot be had, name them in what is written, and end with 4',
  }),
  ...verifyFlags,
  ...fromFlags,
  ...scanFlags,
  ...platformFlags,
  ...registryFlags,
}
