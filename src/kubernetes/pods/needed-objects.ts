import type { Container, PodSpec } from 'kubernetes-types/core/v1.js'
import { CONTAINER_LISTS } from '../objects/pod-images.ts'
import { objectsOf } from '../objects/resource.ts'
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
    ...volumes.flatMap(({ configMap, secret, projected }) => [
      ...needed('ConfigMap', configMap),
      ...needed('Secret', secret && { ...secret, name: secret.secretName ?? '' }),
      ...objectsOf(projected?.sources).flatMap((source) => [
        ...needed('ConfigMap', source.configMap),
        ...needed('Secret', source.secret),
      ]),
    ]),
  ]
}

function needed(kind: NeededObject['kind'], selector: Selector | undefined | null): NeededObject[] {
  if (!selector?.name || selector.optional === true) return []
  return [{ kind, name: selector.name, key: selector.key }]
}
