import type { PodSpec } from 'kubernetes-types/core/v1.js'
import { isObject, type Resource } from '../../kubernetes/objects/resource.ts'
import type { Labels } from '../../kubernetes/pods/label-selector.ts'
import type { Doubt } from '../../kubernetes/pods/refusal.ts'

/** Annotations of a namespace that admission plugins read: PodNodeSelector, PodTolerationRestriction, and OpenShift's. */
const SELECTORS = ['scheduler.alpha.kubernetes.io/node-selector', 'openshift.io/node-selector']
const TOLERATIONS = [
  'scheduler.alpha.kubernetes.io/defaultTolerations',
  'scheduler.alpha.kubernetes.io/tolerationsWhitelist',
]

/** That a pod goes to other nodes than it says where plugins are on that a namespace is annotated for. */
export function placingDoubts({ nodeSelector }: PodSpec, namespace: string, annotations: Labels | undefined): Doubt[] {
  const said = (key: string) => annotations?.[key]?.trim() ?? ''
  const selecting = SELECTORS.filter((key) => !isSelected(said(key), nodeSelector ?? {}))
  const tolerating = TOLERATIONS.filter((key) => !['', '[]'].includes(said(key)))
  return [...selecting, ...tolerating].map((key) =>
    doubt(`namespace ${namespace} is annotated with ${key}, by which admission may send its pods to other nodes`),
  )
}

/** Whether the pod selects all of `a=b,c=d` by itself. */
function isSelected(selector: string, own: Labels): boolean {
  const pairs = selector.split(',').filter((pair) => pair.trim() !== '')
  return pairs.every((pair) => {
    const [key = '', value = ''] = pair.split('=').map((part) => part.trim())
    return own[key] === value
  })
}

const JOB_CONTROLLER = 'kubernetes.io/job-controller'

/** That somebody else than Kubernetes makes the pods of a Job. Source: kubernetes 1.37, batch/v1 JobSpec.managedBy. */
export function managerDoubts({ kind, value }: Pick<Resource, 'kind' | 'value'>): Doubt[] {
  const { managedBy } = isObject(value.spec) ? value.spec : {}
  const isOther = kind === 'Job' && typeof managedBy === 'string' && managedBy !== JOB_CONTROLLER
  return isOther ? [doubt(`its pods are made by ${managedBy}, and not by Kubernetes`)] : []
}

/** The longest names that leave room for a dash and a hash of ten characters. */
const LONGEST: Readonly<Record<string, readonly [length: number, what: string]>> = {
  'apps/StatefulSet': [52, 'the label controller-revision-hash of its pods takes 63 characters'],
  'apps/Deployment': [242, 'the name of its ReplicaSet takes 253 characters'],
}

/** That what a controller makes of a long name is refused. Source: kubernetes 1.36, pkg/controller/{statefulset,deployment}. */
export function nameDoubts({ apiVersion, kind, name }: Pick<Resource, 'apiVersion' | 'kind' | 'name'>): Doubt[] {
  const [length, what] = LONGEST[`${apiVersion.split('/')[0]}/${kind}`] ?? [Infinity, '']
  return name.length > length ? [doubt(`its name is too long by ${name.length - length}: ${what}`)] : []
}

function doubt(message: string): Doubt {
  return { reason: 'Admission', message }
}
