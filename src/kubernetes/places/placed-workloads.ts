import type { PodSpec } from 'kubernetes-types/core/v1.js'
import { formatPath, valueAt } from '../documents/path.ts'
import { isObject, type Resource } from '../objects/resource.ts'
import { templatePathOf, type Workload } from '../objects/workload.ts'
import { type PodPlace, podPlacesOf } from './pod-places.ts'

/**
 * The pods of a custom resource that can be given a nodeSelector, so that they start where their images are. Of others,
 * and of what has no fixed name, nobody could say where they go. Where there are several, the place of each is part of
 * its name.
 */
export function placedWorkloadsOf(resource: Resource): Workload[] {
  if (templatePathOf(resource) || !hasName(resource)) return []
  const places = podPlacesOf(resource).filter(({ kind, selectorAt }) => kind !== 'containers' && selectorAt.length > 0)
  return places
    .filter(({ selectorAt }) => typeof selectorAt !== 'string')
    .map((place, _, { length }): Workload => {
      const templatePath = templatePathOfPlace(place)
      const name = length > 1 ? `${resource.name} ${formatPath(templatePath)}` : resource.name
      const replicas = valueAt(resource.value, [...templatePath.slice(0, -1), 'replicas'])
      const podSpec = podSpecOf(place)
      return {
        resource: { ...resource, name },
        templatePath,
        template: { spec: podSpec },
        podSpec,
        replicas: typeof replicas === 'number' ? replicas : undefined,
      }
    })
}

/** What workloads of a place are told apart by. */
export function templatePathOfPlace({ kind, podPath }: Pick<PodPlace, 'kind' | 'podPath'>): PodPlace['podPath'] {
  return kind === 'known' ? podPath : podPath.slice(0, -1)
}

function hasName({ value: { metadata } }: Resource): boolean {
  return isObject(metadata) && typeof metadata.name === 'string' && metadata.name !== ''
}

/** Of fields that are no pod spec what says where the pod may run, and its images. */
function podSpecOf({ kind, podSpec, images, inherited }: PodPlace): PodSpec {
  if (kind !== 'known') return podSpec as unknown as PodSpec
  const { nodeSelector = inherited, tolerations, affinity } = podSpec
  const containers = images.map(({ container, reference, policy }) => ({
    name: container,
    image: reference,
    imagePullPolicy: policy,
  }))
  const scheduling = {
    nodeSelector,
    ...(tolerations !== undefined && { tolerations }),
    ...(affinity !== undefined && { affinity }),
  }
  return { containers, ...scheduling } as PodSpec
}
