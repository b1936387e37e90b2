import type { PodSpec, PodTemplateSpec } from 'kubernetes-types/core/v1.js'
import type { Path } from '../documents/path.ts'
import { formatPath, valueAt } from '../documents/path.ts'
import { rowOf } from '../documents/row-of.ts'
import { isObject, objectsOf, type Resource } from './resource.ts'
import { templatePathOf, type Workload } from './workload.ts'

/** Policies hold patterns of pods, not pods. */
const POLICY_GROUPS = /(?:^|\.)(?:kyverno\.io|gatekeeper\.sh)\//

/** Whether what looks like a pod in a resource is a pattern of pods. */
export function isPolicy({ apiVersion }: Pick<Resource, 'apiVersion'>): boolean {
  return POLICY_GROUPS.test(apiVersion)
}

/** What makes pods of these puts further containers into them, so that a template is not the pod. */
const INJECTED = /^serving\.knative\.dev\//

/** How deep a template may stand; the deepest known, of a TrainingRuntime, is nine. */
const MAX_DEPTH = 16

/** What has the scheduler of its pods beside their templates, and the one that it has where it says none. */
const SCHEDULED: Readonly<Record<string, string>> = { 'batch.volcano.sh/Job': 'volcano' }

/** What says at several levels how many pods it has. */
const NESTED = /^(?:jobset|leaderworkerset)\.x-k8s\.io\//

/** The pods that a custom resource will have, of its templates and nothing besides. */
export function customWorkloadsOf(resource: Resource): Workload[] {
  if (INJECTED.test(resource.apiVersion)) return []
  const scheduler = rowOf(SCHEDULED, `${resource.apiVersion.split('/')[0]}/${resource.kind}`)
  const templates = customTemplatesOf(resource).map((one) =>
    NESTED.test(resource.apiVersion) ? { ...one, replicas: nestedReplicas(resource.value, one.templatePath) } : one,
  )
  if (scheduler === undefined) return templates
  const schedulerName = valueAt(resource.value, ['spec', 'schedulerName']) ?? scheduler
  return templates.map((one) => ({ ...one, podSpec: { schedulerName, ...one.podSpec } as PodSpec }))
}

/** How many pods a template stands for with what is above it; undefined where nothing says so. */
function nestedReplicas(value: unknown, templatePath: Path): number | undefined {
  const counts = templatePath.flatMap((_, length) =>
    ['replicas', 'parallelism'].map((key) => valueAt(value, [...templatePath.slice(0, length), key])),
  )
  const said = counts.filter((count) => typeof count === 'number')
  return said.length > 0 ? said.reduce((product, count) => product * count, 1) : undefined
}

/**
 * The templates of pods in a custom resource, found by shape: every `…template` with a `spec.containers` whose images are
 * all named, such as those of a Rollout, a CloneSet or a RayCluster. Empty for built-in kinds. Where there are several,
 * the place of each is part of its name.
 */
export function customTemplatesOf(resource: Resource): Workload[] {
  if (templatePathOf(resource) || isPolicy(resource)) return []
  const paths = [...templatePaths(resource.value, [])]
  return paths.map((templatePath): Workload => {
    const template = valueAt(resource.value, templatePath) as PodTemplateSpec
    const name = paths.length > 1 ? `${resource.name} ${formatPath(templatePath)}` : resource.name
    const replicas = valueAt(resource.value, [...templatePath.slice(0, -1), 'replicas'])
    return {
      resource: { ...resource, name },
      templatePath,
      template,
      podSpec: template.spec as PodSpec,
      replicas: typeof replicas === 'number' ? replicas : undefined,
    }
  })
}

function* templatePaths(value: unknown, path: Path): Generator<Path> {
  if (typeof value !== 'object' || value === null || path.length > MAX_DEPTH) return
  for (const [key, child] of Object.entries(value)) {
    const at = [...path, Array.isArray(value) ? Number(key) : key]
    if (/template$/i.test(key) && isPodTemplate(child)) yield at
    else yield* templatePaths(child, at)
  }
}

function isPodTemplate(value: unknown): boolean {
  if (!isObject(value) || !isObject(value.spec)) return false
  const containers = objectsOf(value.spec.containers as { image?: unknown }[] | undefined)
  return containers.length > 0 && containers.every(({ image }) => typeof image === 'string' && image !== '')
}
