import { valueAt } from '../documents/path.ts'
import { isObject } from '../objects/resource.ts'
import { templatePathOf, type Workload } from '../objects/workload.ts'
import { checkFields } from './fields/check-fields.ts'
import { isPlaceholder, sayProblem, type ValidationProblem } from './fields/problem.ts'
import { podProblems } from './pod-rules.ts'
import { annotationProblems } from './pods/annotation-rules.ts'
import { unserved } from './served-kinds.ts'
import { workloadProblems } from './workload-rules.ts'

/** Why no pod of a workload is ever made. */
export interface Validation {
  /** The API server refuses it. */
  readonly rejection?: string
  /** It may, and nobody here can tell. */
  readonly doubt?: string
}

/** The type of what stands at `spec`. */
const SPEC_TYPES: Readonly<Record<string, string>> = {
  Deployment: 'DeploymentSpec',
  StatefulSet: 'StatefulSetSpec',
  DaemonSet: 'DaemonSetSpec',
  ReplicaSet: 'ReplicaSetSpec',
  ReplicationController: 'ReplicationControllerSpec',
  Job: 'JobSpec',
  CronJob: 'CronJobSpec',
}

/**
 * What the API server's validation says of a workload: the first thing that it refuses. Of a custom resource its operator
 * makes the pods, and may add to them, so that it is in doubt, and what is not there is no problem.
 * Source: kubernetes 1.34, pkg/apis/{core,apps,batch}/validation.
 */
export function validateWorkload(workload: Workload): Validation {
  if (!templatePathOf(workload.resource)) {
    const [problem] = templateProblems(workload).filter(({ isMissing, isStrange }) => !isMissing && !isStrange)
    return problem ? { doubt: `${sayProblem(problem)}: its operator may change that` } : {}
  }
  const { apiVersion, kind } = workload.resource
  const version = unserved(apiVersion, kind)
  const problems = problemsOf(workload)
  const problem = problems.find(({ isStrange }) => !isStrange)
  const [strange] = problems
  if (version && version.since === undefined) return { rejection: version.message }
  if (problem && isPlaceholder(problem)) return { doubt: sayProblem(problem) }
  if (problem) return { rejection: sayProblem(problem) }
  if (version) return { doubt: version.message }
  return strange ? { doubt: sayProblem(strange) } : {}
}

function problemsOf(workload: Workload): ValidationProblem[] {
  const { resource, template } = workload
  const { kind, value } = resource
  const type = SPEC_TYPES[kind]
  const fields = [
    ...(isObject(value.metadata) ? checkFields(value.metadata, 'ObjectMeta', ['metadata']) : []),
    ...(type ? checkFields(value.spec, type, ['spec']) : templateProblems(workload)),
  ]
  // How parts fit together is asked once each part is what it should be.
  if (fields.some(({ isStrange }) => !isStrange)) return fields
  const own = [...workloadProblems(resource, template as object as Record<string, unknown>)]
  return [...fields, ...own.map(([path, message]) => ({ path, message })), ...(type ? fitProblems(workload) : [])]
}

/** Both of a template's fields and of how they fit. */
function templateProblems(workload: Workload): ValidationProblem[] {
  const { template, templatePath } = workload
  const fields = checkFields(template, 'PodTemplateSpec', templatePath)
  return fields.some(({ isStrange }) => !isStrange) ? fields : [...fields, ...fitProblems(workload)]
}

function fitProblems({ resource, template, templatePath }: Workload): ValidationProblem[] {
  const { kind, value } = resource
  const isStored = typeof valueAt(value, ['metadata', 'uid']) === 'string'
  const claims = kind === 'StatefulSet' ? valueAt(value, ['spec', 'volumeClaimTemplates']) : []
  const names = Array.isArray(claims) ? claims.map((claim) => String(valueAt(claim, ['metadata', 'name']))) : []
  const spec = template.spec as object as Record<string, unknown>
  const annotated = [...annotationProblems(template.metadata?.annotations, spec)]
  const problems = [
    ...podProblems(spec, { path: [...templatePath, 'spec'], isPod: kind === 'Pod', addedVolumes: names }),
    ...annotated.map(([at, message]) => ({ path: [...templatePath, 'metadata', 'annotations', ...at], message })),
  ]
  // What a cluster has stored was changed since, in ways that are its own.
  return isStored && kind === 'Pod' ? problems.filter(({ path }) => path.at(-1) !== 'ephemeralContainers') : problems
}
