import type { PodSpec, PodTemplateSpec } from 'kubernetes-types/core/v1.js'
import type { Path } from '../documents/path.ts'
import { valueAt } from '../documents/path.ts'
import { isObject, objectsOf, type Resource } from './resource.ts'

/** A resource of a built-in kind that has pods, and where its pod spec is. */
export interface Workload {
  readonly resource: Resource
  /** Leads from the resource to the pod template (to the resource itself for a Pod). */
  readonly templatePath: Path
  readonly template: PodTemplateSpec
  readonly podSpec: PodSpec
  /** How many pods are wanted; undefined for a DaemonSet (one a node) and for what runs on demand. */
  readonly replicas: number | undefined
  /** To how many something may scale it; left out where nothing does. */
  readonly most?: number
}

/** Where each built-in kind keeps its pod template. Sources: k8s.io/api 1.36. */
const TEMPLATE_PATHS: ReadonlyMap<string, Path> = new Map<string, Path>([
  ['Pod', []],
  ['PodTemplate', ['template']],
  ['ReplicationController', ['spec', 'template']],
  ['Deployment', ['spec', 'template']],
  ['StatefulSet', ['spec', 'template']],
  ['DaemonSet', ['spec', 'template']],
  ['ReplicaSet', ['spec', 'template']],
  ['Job', ['spec', 'template']],
  ['CronJob', ['spec', 'jobTemplate', 'spec', 'template']],
])

export const WORKLOAD_KINDS: readonly string[] = [...TEMPLATE_PATHS.keys()]

/** The API groups of those kinds, current and former; another group's Deployment or Job is a custom resource. */
export const GROUPS: ReadonlySet<string> = new Set(['', 'apps', 'batch', 'extensions'])

/** Where a built-in kind keeps its pod template, or undefined for any other kind. */
export function templatePathOf({ apiVersion, kind }: Pick<Resource, 'apiVersion' | 'kind'>): Path | undefined {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  return GROUPS.has(group) ? TEMPLATE_PATHS.get(kind) : undefined
}

/** The workload that a resource is, or undefined: another kind, or one without a pod spec. */
export function workloadOf(resource: Resource): Workload | undefined {
  const templatePath = templatePathOf(resource)
  if (!templatePath) return undefined
  const template = valueAt(resource.value, templatePath)
  if (!isObject(template) || !isObject(template.spec)) return undefined
  return {
    resource,
    templatePath,
    template: template as PodTemplateSpec,
    podSpec: template.spec as unknown as PodSpec,
    replicas: replicasOf(resource),
  }
}

function replicasOf({ kind, value }: Resource): number | undefined {
  if (kind === 'Pod') return 1
  if (kind === 'DaemonSet' || kind === 'CronJob' || kind === 'PodTemplate') return undefined
  const wanted = valueAt(value, ['spec', kind === 'Job' ? 'parallelism' : 'replicas'])
  return typeof wanted === 'number' ? wanted : 1
}

/** Whether a Job or a pod of a cluster has ended: it starts nothing any more, wherever it would have to. */
export function isFinished({ kind, status }: { readonly kind?: unknown; readonly status?: unknown }): boolean {
  if (kind === 'Pod') return ['Succeeded', 'Failed'].includes(String(valueAt(status, ['phase'])))
  if (kind !== 'Job') return false
  const conditions = objectsOf(valueAt(status, ['conditions']) as { type?: string; status?: string }[] | undefined)
  return conditions.some(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True')
}
