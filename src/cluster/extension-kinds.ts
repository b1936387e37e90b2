import { valueAt } from '../kubernetes/documents/path.ts'
import { objectsOf } from '../kubernetes/objects/resource.ts'
import { type Api, listAll, readAnswer } from './list.ts'

/**
 * What may change or refuse pods, or make more of them, and comes with an extension: its resources by API group. Of a
 * group whose resources have names of their users' choice, every one.
 */
const EXTENSIONS: Readonly<Record<string, readonly string[] | 'all'>> = {
  'kyverno.io': ['clusterpolicies', 'policies', 'cleanuppolicies', 'clustercleanuppolicies'],
  'policies.kyverno.io': [
    ...['mutatingpolicies', 'namespacedmutatingpolicies', 'validatingpolicies', 'namespacedvalidatingpolicies'],
    ...['imagevalidatingpolicies', 'namespacedimagevalidatingpolicies'],
    ...['generatingpolicies', 'namespacedgeneratingpolicies', 'deletingpolicies', 'namespaceddeletingpolicies'],
  ],
  'mutations.gatekeeper.sh': ['assign', 'assignimage', 'modifyset'],
  'constraints.gatekeeper.sh': 'all',
  'policies.kubewarden.io': [
    ...['clusteradmissionpolicies', 'admissionpolicies', 'clusteradmissionpolicygroups', 'admissionpolicygroups'],
  ],
  'policy.sigstore.dev': ['clusterimagepolicies'],
  'portieris.cloud.ibm.com': ['clusterimagepolicies', 'imagepolicies'],
  'autoscaling.k8s.io': ['verticalpodautoscalers'],
  'keda.sh': ['scaledobjects'],
}

interface Group {
  readonly name?: string
  readonly versions?: readonly { readonly groupVersion?: string }[]
}

/** Undefined where something may not be read, which is said elsewhere. */
type Attempt = <T>(reading: Promise<T>) => Promise<T | undefined>

/** The objects of the extensions that a cluster has, each resource in the first of its versions that serves it. */
export async function readExtensions(api: Api, attempt: Attempt): Promise<Record<string, unknown>[]> {
  const groups = (await attempt(get(api, '/apis')))?.groups as Group[] | undefined
  const objects: Record<string, unknown>[] = []
  for (const { name = '', versions } of objectsOf(groups)) {
    const wanted = Object.hasOwn(EXTENSIONS, name) ? EXTENSIONS[name] : undefined
    if (!wanted) continue
    const seen = new Set<string>()
    for (const { groupVersion } of objectsOf(versions)) {
      for (const resource of await resourcesOf(api, `/apis/${groupVersion}`, attempt)) {
        if (seen.has(resource) || (wanted !== 'all' && !wanted.includes(resource))) continue
        seen.add(resource)
        objects.push(...((await attempt(listAll(api, `/apis/${groupVersion}/${resource}`))) ?? []))
      }
    }
  }
  return objects
}

/** Those that can be listed: no `pods/status`. */
async function resourcesOf(api: Api, path: string, attempt: Attempt): Promise<readonly string[]> {
  const resources = (await attempt(get(api, path)))?.resources as { name?: string; verbs?: unknown }[] | undefined
  return objectsOf(resources).flatMap((one) => {
    const verbs = valueAt(one, ['verbs'])
    return one.name && !one.name.includes('/') && Array.isArray(verbs) && verbs.includes('list') ? [one.name] : []
  })
}

async function get(api: Api, path: string): Promise<Record<string, unknown>> {
  return readAnswer(path, await api.get(path))
}
