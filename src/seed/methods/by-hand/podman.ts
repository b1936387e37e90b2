import type { Method } from '../contract/method.ts'

/** A machine without Kubernetes. */
export const podman = {
  name: 'podman',
  script: { does: 'into containers-storage, by podman or skopeo', isLookedFor: true, isForLoad: true },
} as const satisfies Method
