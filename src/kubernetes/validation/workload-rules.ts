import { isObject, type Resource } from '../objects/resource.ts'
import { type LabelSelector, selects } from '../pods/label-selector.ts'
import type { Inside } from './container-rules.ts'
import { isDnsLabel, isSubdomain } from './fields/formats.ts'
import { selectorProblems } from './scheduling-rules.ts'

type Fields = Readonly<Record<string, unknown>>

/** Those whose pods are always started again. */
const ALWAYS: ReadonlySet<string> = new Set(
  'Deployment ReplicaSet DaemonSet StatefulSet ReplicationController'.split(' '),
)

/** The longest names that leave room for what controllers add. */
const LONGEST: Readonly<Record<string, number>> = { CronJob: 52, Job: 63, StatefulSet: 63 }

/** What the API server refuses in a workload beyond its pod spec: names, selectors, strategies. */
export function* workloadProblems(
  { kind, value }: Pick<Resource, 'kind' | 'value'>,
  template: Fields,
): Generator<Inside> {
  const metadata = isObject(value.metadata) ? value.metadata : {}
  const spec = isObject(value.spec) ? value.spec : {}
  yield* nameProblems(kind, metadata, spec)
  const podSpec = isObject(template.spec) ? template.spec : {}
  const { restartPolicy = 'Always', activeDeadlineSeconds } = podSpec
  const at = ['spec', 'template', 'spec']
  if (ALWAYS.has(kind)) {
    if (restartPolicy !== 'Always')
      yield [[...at, 'restartPolicy'], `${say(restartPolicy)} is not Always, as a ${kind} wants`]
    if (activeDeadlineSeconds) yield [[...at, 'activeDeadlineSeconds'], `cannot be set in a ${kind}`]
    yield* ownSelectorProblems(kind, spec, template)
    yield* strategyProblems(kind, spec)
  }
  if (kind === 'Job') yield* jobProblems(spec, restartPolicy, typeof metadata.uid === 'string')
  if (kind !== 'CronJob') return
  const jobSpec = isObject(spec.jobTemplate) && isObject(spec.jobTemplate.spec) ? spec.jobTemplate.spec : {}
  for (const [inside, message] of jobProblems(jobSpec, restartPolicy, false)) {
    yield [['spec', 'jobTemplate', ...inside], message]
  }
}

function* nameProblems(kind: string, { name, generateName }: Fields, spec: Fields): Generator<Inside> {
  const at = ['metadata', 'name']
  if (!name && !generateName) yield [at, 'is missing']
  if (!name) return
  const text = String(name)
  const isRight = kind === 'StatefulSet' || isIndexed(spec) ? isDnsLabel(text) : isSubdomain(text)
  const longest = LONGEST[kind] ?? 253
  if (!isRight) yield [at, `${say(name)} is no name that a ${kind} can have`]
  else if (text.length > longest) yield [at, `is longer than the ${longest} characters that a ${kind} can have`]
}

/** The names of its pods are host names, which end in their index. */
function isIndexed({ completionMode }: Fields): boolean {
  return completionMode === 'Indexed'
}

function* ownSelectorProblems(kind: string, { selector }: Fields, template: Fields): Generator<Inside> {
  const at = ['spec', 'selector']
  const labels = isObject(template.metadata) && isObject(template.metadata.labels) ? template.metadata.labels : {}
  if (kind === 'ReplicationController') {
    const wanted = isObject(selector) && Object.keys(selector).length > 0 ? selector : labels
    if (Object.keys(wanted).length === 0) yield [at, 'is missing, and the template has no labels']
    else if (!selects({ matchLabels: wanted as Record<string, string> }, labels as Record<string, string>)) {
      yield [at, NO_MATCH]
    }
    return
  }
  if (!isObject(selector)) return
  const { matchLabels, matchExpressions } = selector
  const count = Object.keys(isObject(matchLabels) ? matchLabels : {}).length
  const isEmpty = count === 0 && !(Array.isArray(matchExpressions) && matchExpressions.length > 0)
  for (const [inside, message] of selectorProblems(selector)) yield [[...at, ...inside], message]
  if (isEmpty) yield [at, 'is empty']
  else if (!selects(selector as LabelSelector, labels as Record<string, string>)) yield [at, NO_MATCH]
}

const NO_MATCH = 'does not select the labels of the template'

function* strategyProblems(kind: string, { strategy, updateStrategy, ...spec }: Fields): Generator<Inside> {
  const { minReadySeconds, progressDeadlineSeconds } = spec as Record<string, number | undefined>
  const key = kind === 'Deployment' ? 'strategy' : 'updateStrategy'
  const own = kind === 'Deployment' ? strategy : updateStrategy
  const { type = 'RollingUpdate', rollingUpdate } = isObject(own) ? own : {}
  if (type === 'Recreate' && rollingUpdate) yield [['spec', key, 'rollingUpdate'], 'is for the type RollingUpdate']
  if (kind === 'StatefulSet' && type === 'OnDelete' && rollingUpdate) {
    yield [['spec', key, 'rollingUpdate'], 'is for the type RollingUpdate']
  }
  if (isObject(rollingUpdate) && type !== 'OnDelete' && (kind === 'Deployment' || kind === 'DaemonSet')) {
    const { maxUnavailable, maxSurge } = rollingUpdate
    const [most, extra] = kind === 'Deployment' ? ['25%', '25%'] : [1, 0]
    const [lost, more] = [amount(maxUnavailable ?? most), amount(maxSurge ?? extra)]
    if (lost === 0 && more === 0) yield [['spec', key, 'rollingUpdate'], 'leaves neither a pod to stop nor one to add']
    if (kind === 'DaemonSet' && lost > 0 && more > 0)
      yield [['spec', key, 'rollingUpdate'], 'has both maxUnavailable and maxSurge']
    for (const [name, value] of Object.entries({ maxUnavailable, ...(kind === 'DaemonSet' && { maxSurge }) })) {
      if (typeof value === 'string' && amount(value) > 100)
        yield [['spec', key, 'rollingUpdate', name], 'is more than 100%']
    }
  }
  if (kind === 'Deployment' && (progressDeadlineSeconds ?? 600) <= (minReadySeconds ?? 0)) {
    yield [['spec', 'progressDeadlineSeconds'], 'is not more than minReadySeconds']
  }
}

function amount(value: unknown): number {
  return Number.parseInt(String(value), 10)
}

/** Paths lead from the Job. */
function* jobProblems(spec: Fields, restartPolicy: unknown, isStored: boolean): Generator<Inside> {
  const { selector, manualSelector, completions, parallelism, podFailurePolicy } = spec
  const at = ['spec', 'template', 'spec', 'restartPolicy']
  if (restartPolicy !== 'Never' && restartPolicy !== 'OnFailure') {
    yield [at, `${say(restartPolicy)} is neither Never nor OnFailure, as a Job wants`]
  } else if (isObject(podFailurePolicy) && restartPolicy !== 'Never')
    yield [at, 'is not Never, as podFailurePolicy wants']
  if (selector && manualSelector !== true && !isStored)
    yield [['spec', 'selector'], 'is made for each Job, and cannot be set']
  if (isIndexed(spec)) {
    const count = completions ?? (parallelism === undefined ? 1 : undefined)
    if (count === undefined) yield [['spec', 'completions'], 'is missing, which completionMode Indexed wants']
    const { maxFailedIndexes } = spec
    if (typeof maxFailedIndexes === 'number' && maxFailedIndexes > Number(count)) {
      yield [['spec', 'maxFailedIndexes'], 'is more than the completions']
    }
    if (typeof maxFailedIndexes === 'number' && typeof spec.backoffLimitPerIndex !== 'number') {
      yield [['spec', 'maxFailedIndexes'], 'wants backoffLimitPerIndex']
    }
    if (typeof parallelism === 'number' && parallelism > 100_000) yield [['spec', 'parallelism'], 'is more than 100000']
    return
  }
  for (const name of ['backoffLimitPerIndex', 'maxFailedIndexes', 'successPolicy']) {
    if (spec[name] !== undefined && spec[name] !== null) yield [['spec', name], 'wants completionMode Indexed']
  }
}

function say(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}
