import { Flags, type Interfaces } from '@oclif/core'
import { repeatable } from '../flags/repeatable.ts'

/** Flags of commands that check the signatures of images before they take them. */
export const verifyFlags = {
  verify: repeatable({
    description:
      'take only images that are signed as this ClusterImagePolicy asks, and carry their signatures along; docs/signatures.md has its form (repeatable)',
    helpValue: 'POLICY',
  }),
  'trusted-root': Flags.string({
    description:
      'certificate authorities and logs for signatures without a key: a trusted_root.json; nothing is fetched',
    helpValue: 'FILE',
    dependsOn: ['verify'],
  }),
}

/** The same for nodes: what asks for signatures there. */
export const nodePolicyFlags = {
  verify: repeatable({
    description:
      'also write policy.json and registries.d, with which CRI-O and podman ask for the signatures of this ClusterImagePolicy (repeatable)',
    helpValue: 'POLICY',
  }),
  'trusted-root': verifyFlags['trusted-root'],
}

export type VerifyFlags = Interfaces.InferredFlags<typeof verifyFlags>
