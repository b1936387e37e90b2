import { findReference } from '../../oci/reference.ts'
import { imagesInScopes } from '../admission/policies/image-policies.ts'
import { valueAt } from '../documents/path.ts'
import { objectsOf, type Resource, textsOf } from '../objects/resource.ts'

/** What the mirror sets of a cluster lead elsewhere. */
export interface MirrorSources {
  /** Of images by digest, and of those by tag: registries, repositories and what is below them. */
  readonly digest: readonly string[]
  readonly tag: readonly string[]
  /** Where they lead, which nodes reach by its own name. */
  readonly mirrors: readonly string[]
}

const LISTS = {
  'config.openshift.io/ImageDigestMirrorSet': ['digest', 'imageDigestMirrors'],
  'config.openshift.io/ImageTagMirrorSet': ['tag', 'imageTagMirrors'],
  'operator.openshift.io/ImageContentSourcePolicy': ['digest', 'repositoryDigestMirrors'],
} as const satisfies Record<string, readonly ['digest' | 'tag', string]>

/** What the mirror sets among some resources say; undefined where there is none, unless a cluster has no others: then nothing. */
export function mirrorSourcesOf(
  resources: readonly Resource[],
  { areAll = false }: { readonly areAll?: boolean } = {},
): MirrorSources | undefined {
  const found = { digest: [] as string[], tag: [] as string[], mirrors: [] as string[] }
  let isThere = areAll
  for (const { apiVersion, kind, value } of resources) {
    const list = LISTS[`${apiVersion.split('/')[0]}/${kind}` as keyof typeof LISTS]
    if (!list) continue
    isThere = true
    const [by, key] = list
    for (const entry of objectsOf(valueAt(value, ['spec', key]) as object[] | undefined)) {
      const { source, mirrors } = entry as { source?: unknown; mirrors?: unknown }
      if (typeof source !== 'string' || textsOf(mirrors).length === 0) continue
      found[by].push(source)
      found.mirrors.push(...textsOf(mirrors))
    }
  }
  return isThere ? found : undefined
}

/** Whether a node of OpenShift asks a mirror for an image: one set is for images by digest, the other for those by tag. */
export function leadsToMirror(image: string, { digest, tag, mirrors }: MirrorSources): boolean {
  const sources = findReference(image)?.digest ? digest : tag
  return imagesInScopes([...sources, ...mirrors])({ images: [image] })
}
