import type { LockedImage } from '../../bundle/format/lock.ts'
import type { Outcome } from './outcome.ts'

/** How something takes an image; undefined where nobody can tell. */
export type ImageUsage = 'container' | 'volume' | undefined

/**
 * What becomes of an image that the bundle knows for an artifact: no container starts from it, and only runtimes that mount
 * artifacts take it as a volume, which they bring from a registry. Undefined where the rules of images go on.
 * Source: CRI-O 1.33, "Add support for OCI Artifact"; containerd mounts images only.
 */
export function artifactOutcome(
  { name, locked }: { readonly name: string; readonly locked: LockedImage | undefined },
  usage: ImageUsage,
  mountsArtifacts: boolean | undefined,
): Outcome<'Artifact'> | undefined {
  const [type] = locked?.artifacts?.map(({ artifactType }) => artifactType) ?? []
  if (type === undefined) return undefined
  const what = `${name} is an artifact (${type})`
  if (usage === 'container') return no(`${what}: no container can start from it`)
  if (usage === undefined) {
    return {
      starts: null,
      reason: 'Artifact',
      message: `${what}: no node holds it, and who takes it from a registry is not known`,
    }
  }
  if (mountsArtifacts === false) return no(`${what}: the runtime of the node mounts images only`)
  if (mountsArtifacts === true) return undefined
  return {
    starts: null,
    reason: 'Artifact',
    message: `${what}: whether the runtime of the node mounts it is not known`,
  }
}

function no(message: string): Outcome<'Artifact'> {
  return { starts: false, reason: 'Artifact', message }
}
