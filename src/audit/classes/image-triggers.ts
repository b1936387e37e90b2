import { isObject, objectsOf, type Resource } from '../../kubernetes/objects/resource.ts'
import type { Doubt } from '../../kubernetes/pods/refusal.ts'

const ANNOTATION = 'image.openshift.io/triggers'

/**
 * That OpenShift puts the image which an ImageStream tells in the place of the one that a manifest names. What a cluster
 * has stored has that image already.
 */
export function triggerDoubts({ value }: Pick<Resource, 'value'>): Doubt[] {
  const { metadata, spec } = value
  if (isObject(metadata) && typeof metadata.uid === 'string') return []
  return [...annotated(metadata), ...changed(spec)].map((from) => ({
    reason: 'Admission',
    message: `a trigger puts the image of ${from} in the place of the one that is named`,
  }))
}

function annotated(metadata: unknown): string[] {
  const annotations = isObject(metadata) && isObject(metadata.annotations) ? metadata.annotations : {}
  const text = annotations[ANNOTATION]
  if (typeof text !== 'string') return []
  try {
    const triggers: unknown = JSON.parse(text)
    const list = Array.isArray(triggers) ? triggers.filter(isObject) : []
    return list.filter(({ paused }) => paused !== true && paused !== 'true').map(({ from }) => nameOf(from))
  } catch {
    return []
  }
}

/** Those of a DeploymentConfig; one that is not automatic acts at each deployment. */
function changed(spec: unknown): string[] {
  const triggers = isObject(spec) && Array.isArray(spec.triggers) ? objectsOf(spec.triggers as object[]) : []
  return triggers.filter(isObject).flatMap(({ type, imageChangeParams }) => {
    return type === 'ImageChange' && isObject(imageChangeParams) ? [nameOf(imageChangeParams.from)] : []
  })
}

function nameOf(from: unknown): string {
  return isObject(from) ? `${from.kind} ${from.name}` : 'an ImageStream'
}
