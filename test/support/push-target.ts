import type { PushTarget } from '../../src/bundle/push/push.ts'

/** Where every blob lies already and manifests are taken by `putManifest`. */
export function pushTarget(putManifest: PushTarget['putManifest']): PushTarget {
  return {
    hasManifest: async () => false,
    unread: new Map(),
    hasBlob: async () => true,
    mountBlob: async () => true,
    putBlob: async () => {},
    listReferrers: async () => ({ found: [], leftOut: [] }),
    putManifest,
  }
}
