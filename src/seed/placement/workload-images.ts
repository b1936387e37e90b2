import { isArtifact, type LockedImage } from '../../bundle/format/lock.ts'
import { podImages } from '../../kubernetes/objects/pod-images.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import { criForm, findReference } from '../../oci/reference.ts'

/** The images of a workload that a bundle holds, and the references that it does not. */
export interface WorkloadImages {
  readonly found: readonly LockedImage[]
  readonly absent: readonly string[]
  /** On which every found image runs. */
  readonly architectures: readonly string[]
}

/** Looks a workload's images up by the name that a runtime would look for. Volumes of artifacts are left to registries. */
export function workloadImages({ podSpec }: Workload, byName: ReadonlyMap<string, LockedImage>): WorkloadImages {
  const found = new Set<LockedImage>()
  const absent = new Set<string>()
  for (const { reference, path } of podImages(podSpec)) {
    const parsed = findReference(reference)
    const image = parsed && byName.get(criForm(parsed))
    if (image && isArtifact(image) && path[0] === 'volumes') continue
    if (image) found.add(image)
    else absent.add(reference)
  }
  return { found: [...found], absent: [...absent], architectures: commonArchitectures([...found]) }
}

/** Images under every name that a runtime must find them by. */
export function imagesByName(images: readonly LockedImage[]): Map<string, LockedImage> {
  return new Map(images.flatMap((image) => image.names.map((name) => [name, image] as const)))
}

function commonArchitectures(images: readonly LockedImage[]): string[] {
  const [first = [], ...others] = images.map(({ platforms }) => platforms.map(({ platform }) => platform.architecture))
  return [...new Set(first)].filter((architecture) => others.every((other) => other.includes(architecture))).sort()
}
