/** As many as one PinnedImageSet may name. */
export const MAX_PINNED_IMAGES = 500

/** A digest, and before it a host with a dot, at most one namespace, and a name. */
const PINNABLE = /^(?:[a-zA-Z0-9-]+\.)+[a-zA-Z0-9-]+(?::[0-9]{2,5})?\/(?:[\w-]{0,61}\/)?[\w.-]*@sha256:[a-f0-9]{64}$/

const MAX_NAME = 447

/**
 * Whether OpenShift takes a name for a pinned image: by digest alone.
 * Source: openshift/api, machineconfiguration/v1, PinnedImageRef.
 */
export function isPinnable(name: string): boolean {
  return name.length <= MAX_NAME && PINNABLE.test(name)
}

/** PinnedImageSets that make the nodes of a machine config pool pull and keep images, as many as their limit asks for. */
export function pinnedImageSets(set: string, pool: string, names: readonly string[]): Record<string, unknown>[] {
  const parts = Array.from({ length: Math.ceil(names.length / MAX_PINNED_IMAGES) }, (_, index) =>
    names.slice(index * MAX_PINNED_IMAGES, (index + 1) * MAX_PINNED_IMAGES),
  )
  return parts.map((part, index) => ({
    apiVersion: 'machineconfiguration.openshift.io/v1',
    kind: 'PinnedImageSet',
    metadata: {
      name: `nodeseed-${set}-${pool}-${index + 1}`,
      labels: { 'machineconfiguration.openshift.io/role': pool },
    },
    spec: { pinnedImages: part.map((name) => ({ name })) },
  }))
}
