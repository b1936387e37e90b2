import type { Container, PodSpec } from 'kubernetes-types/core/v1.js'
import { valueAt } from '../documents/path.ts'
import { CONTAINER_LISTS } from '../objects/pod-images.ts'
import { isObject, objectsOf, textsOf } from '../objects/resource.ts'
import { mountedVolumes } from './mounted-volumes.ts'

/** A ConfigMap or Secret without which a container does not start, and the key that it must have. */
export interface NeededObject {
  readonly kind: 'ConfigMap' | 'Secret'
  readonly name: string
  readonly key?: string | undefined
}

interface Selector {
  readonly name?: string
  readonly key?: string
  /** Of a volume: the keys that become files. */
  readonly items?: readonly { readonly key?: string }[]
  readonly optional?: boolean
}

/** What the containers of a pod need of its namespace, without what is optional. */
export function neededObjects(spec: PodSpec): NeededObject[] {
  const containers = CONTAINER_LISTS.flatMap((list) => objectsOf(spec[list] as Container[] | undefined))
  const mounted = mountedVolumes(spec)
  const volumes = objectsOf(spec.volumes).filter(({ name }) => mounted.has(name))
  return [
    ...containers.flatMap(({ env, envFrom }) => [
      ...objectsOf(env).flatMap(({ valueFrom }) => [
        ...needed('ConfigMap', valueFrom?.configMapKeyRef),
        ...needed('Secret', valueFrom?.secretKeyRef),
      ]),
      ...objectsOf(envFrom).flatMap(({ configMapRef, secretRef }) => [
        ...needed('ConfigMap', configMapRef),
        ...needed('Secret', secretRef),
      ]),
    ]),
    ...volumes.flatMap(({ configMap, secret, projected, ...others }) => [
      ...needed('ConfigMap', configMap),
      ...needed('Secret', secret && { ...secret, name: secret.secretName ?? '' }),
      ...objectsOf(projected?.sources).flatMap((source) => [
        ...needed('ConfigMap', source.configMap),
        ...needed('Secret', source.secret),
      ]),
      ...Object.values(others).flatMap(secretsOf),
    ]),
  ]
}

function needed(kind: NeededObject['kind'], selector: Selector | undefined | null): NeededObject[] {
  if (!selector?.name || selector.optional === true) return []
  const { name, key } = selector
  const keys = objectsOf(selector.items).flatMap((item) => item.key ?? [])
  return keys.length > 0 ? keys.map((one) => ({ kind, name, key: one })) : [{ kind, name, key }]
}

/** What other volumes name of Secrets: `azureFile.secretName`, `csi.nodePublishSecretRef` and the `secretRef` of many. */
function secretsOf(source: unknown): NeededObject[] {
  if (!isObject(source)) return []
  const { secretName, secretRef, nodePublishSecretRef } = source
  const named = [secretName, valueAt(secretRef, ['name']), valueAt(nodePublishSecretRef, ['name'])]
  return textsOf(named).map((name) => ({ kind: 'Secret', name }))
}
