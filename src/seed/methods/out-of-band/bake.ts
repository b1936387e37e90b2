import { formatPlatform } from '../../../oci/platform.ts'
import type { Method } from '../contract/method.ts'

/** Images that are in the machine image, or on the volume, from which a node starts. */
export const bake = {
  name: 'bake',
  readme: { node: 'a machine image', how: '`sh seed.sh --method bake --root DIR BUNDLE`' },
  script: {
    does: 'import into the containerd of a machine image below --root',
    isLookedFor: false,
    isForLoad: false,
  },
  seeding: {
    by: 'operator',
    isReportedBy: () => false,
    misfit: ({ status }) => {
      const runtime = status?.nodeInfo?.containerRuntimeVersion ?? 'no runtime'
      return runtime.startsWith('containerd://') ? undefined : `its kubelet uses ${runtime}`
    },
    hint: (platform) =>
      `sh seed.sh --method bake --platform ${formatPlatform(platform)} --root DIR BUNDLE fills /var/lib/containerd below a machine image.`,
  },
} as const satisfies Method
