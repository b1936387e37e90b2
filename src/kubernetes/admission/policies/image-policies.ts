import { findReference } from '../../../oci/reference.ts'
import { valueAt } from '../../documents/path.ts'
import { isObject, type Resource, textsOf } from '../../objects/resource.ts'
import type { Labels } from '../../pods/label-selector.ts'

/** What of a pod such a policy looks at. */
interface PodOfImages {
  readonly namespace: string
  readonly namespaceLabels: Labels | undefined
  readonly images: readonly string[]
}

type Matcher = (pod: PodOfImages) => boolean

/**
 * What lets a pod start only with images that are signed, or that come from where they may, by group and kind. Some ask
 * as the pod is made; those of OpenShift end in the runtime, which looks again as it makes a container (CRI-O 1.31).
 */
export const imagePolicies: Readonly<Record<string, (resource: Resource) => Matcher[]>> = {
  'policy.sigstore.dev/ClusterImagePolicy': sigstore,
  'config.openshift.io/ClusterImagePolicy': signed,
  'config.openshift.io/ImagePolicy': signed,
  'config.openshift.io/Image': sources,
  'portieris.cloud.ibm.com/ClusterImagePolicy': anywhere,
  'portieris.cloud.ibm.com/ImagePolicy': anywhere,
}

/** It is about the namespaces that carry its label. */
function sigstore({ value }: Resource): Matcher[] {
  if (valueAt(value, ['spec', 'mode']) === 'warn') return []
  return [({ namespaceLabels }) => !namespaceLabels || namespaceLabels['policy.sigstore.dev/include'] === 'true']
}

function anywhere({ namespace }: Resource): Matcher[] {
  return [(pod) => !namespace || namespace === pod.namespace]
}

function signed({ namespace, value }: Resource): Matcher[] {
  const scopes = textsOf(valueAt(value, ['spec', 'scopes']))
  const isAbout = imagesInScopes(scopes)
  return [(pod) => (!namespace || namespace === pod.namespace) && isAbout(pod)]
}

/** Whether a pod has an image of one of the scopes. */
export function imagesInScopes(scopes: readonly string[]): (pod: Pick<PodOfImages, 'images'>) => boolean {
  return ({ images }) => images.some((image) => isIn(image, scopes))
}

/** The registries that a cluster allows, and those that it blocks. */
function sources({ value }: Resource): Matcher[] {
  const found = valueAt(value, ['spec', 'registrySources'])
  const { allowedRegistries, blockedRegistries } = isObject(found) ? found : {}
  const [allowed, blocked] = [textsOf(allowedRegistries), textsOf(blockedRegistries)]
  const isRefused = (image: string) => isIn(image, blocked) || (allowed.length > 0 && !isIn(image, allowed))
  return allowed.length + blocked.length === 0 ? [] : [({ images }) => images.some(isRefused)]
}

/** Whether an image is in one of the scopes of registries.conf: a domain, `*.domain`, a path below, a whole reference. */
function isIn(image: string, scopes: readonly string[]): boolean {
  const reference = findReference(image)
  if (!reference) return false
  const { domain, path, tag, digest } = reference
  const name = `${domain}/${path}`
  const whole = `${name}${tag ? `:${tag}` : ''}${digest ? `@${digest}` : ''}`
  return scopes.some((scope) =>
    scope.startsWith('*.')
      ? domain.endsWith(scope.slice(1))
      : scope === domain || scope === whole || scope === name || name.startsWith(`${scope}/`),
  )
}
