import { valueAt } from '../documents/path.ts'
import type { Workload } from '../objects/workload.ts'
import { GROUPS } from '../objects/workload.ts'
import type { Labels, PendingLabel, PendingLabels } from './label-selector.ts'

/** What controllers add to the labels of a template as they make pods of it. */
export interface ControllerLabels {
  /** Those whose value is known. */
  readonly labels: Labels
  readonly pending?: PendingLabels | undefined
}

type MadePod = Pick<Workload, 'resource' | 'template'> & Partial<Pick<Workload, 'replicas' | 'most'>>

const ANY: PendingLabel = { isSure: true, mayBe: () => true }
const PERHAPS: PendingLabel = { isSure: false, mayBe: () => true }
const POD_NAME = 'statefulset.kubernetes.io/pod-name'
const POD_INDEX = 'apps.kubernetes.io/pod-index'
const COMPLETION_INDEX = 'batch.kubernetes.io/job-completion-index'

const DEPLOYMENT: ControllerLabels = { labels: {}, pending: pendingOf({ 'pod-template-hash': ANY }) }
const DAEMON_SET: ControllerLabels = {
  labels: {},
  pending: pendingOf({ 'controller-revision-hash': ANY, 'pod-template-generation': ANY }),
}
const NONE: ControllerLabels = { labels: {} }

/**
 * The labels that the pods of a workload bear besides those of its template.
 * Source: kubernetes 1.37, pkg/controller/{deployment,daemon,statefulset,job}, pkg/registry/batch/job/strategy.go.
 */
export function controllerLabels(made: MadePod): ControllerLabels {
  const { apiVersion, kind } = made.resource
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  if (!GROUPS.has(group)) return ofOperator(group)
  if (kind === 'Deployment') return DEPLOYMENT
  if (kind === 'DaemonSet') return DAEMON_SET
  if (kind === 'StatefulSet') return ofStatefulSet(made)
  return kind === 'Job' || kind === 'CronJob' ? ofJob(made) : NONE
}

function ofStatefulSet({ resource: { name, value }, ...made }: MadePod): ControllerLabels {
  const replicas = made.most ?? made.replicas ?? 1
  const first = Number(valueAt(value, ['spec', 'ordinals', 'start']) ?? 0)
  const revision = { 'controller-revision-hash': ANY }
  if (replicas === 1) {
    return { labels: { [POD_NAME]: `${name}-${first}`, [POD_INDEX]: String(first) }, pending: pendingOf(revision) }
  }
  const isOne = (text: string) => isBetween(text, first, first + replicas)
  const isName = (text: string) => text.startsWith(`${name}-`) && isOne(text.slice(name.length + 1))
  return {
    labels: {},
    pending: pendingOf({ ...revision, [POD_NAME]: only(isName), [POD_INDEX]: only(isOne) }),
  }
}

function ofJob({ resource: { kind, name, value } }: MadePod): ControllerLabels {
  const spec = valueAt(value, kind === 'Job' ? ['spec'] : ['spec', 'jobTemplate', 'spec'])
  const completions = Number(valueAt(spec, ['completions']) ?? 1)
  const isIndexed = valueAt(spec, ['completionMode']) === 'Indexed'
  const index = isIndexed && { [COMPLETION_INDEX]: only((text) => isBetween(text, 0, completions)) }
  if (valueAt(spec, ['manualSelector']) === true) return { labels: {}, pending: pendingOf({ ...index }) }
  const uid = { 'controller-uid': ANY, 'batch.kubernetes.io/controller-uid': ANY }
  const named = (value: string) => ({ 'job-name': value, 'batch.kubernetes.io/job-name': value })
  if (kind === 'Job' && !name.endsWith('*')) return { labels: named(name), pending: pendingOf({ ...uid, ...index }) }
  const stem = kind === 'Job' ? name.slice(0, -1) : `${name}-`
  const job = only((text) => text.startsWith(stem))
  const names = { 'job-name': job, 'batch.kubernetes.io/job-name': job }
  return { labels: {}, pending: pendingOf({ ...uid, ...names, ...index }) }
}

/** Of what an operator makes pods of: labels in its own domain, and the hashes of revisions that many have. */
function ofOperator(group: string): ControllerLabels {
  const domain = group.split('.').slice(-2).join('.')
  const isOwn = (key: string) => {
    const prefix = key.includes('/') ? key.slice(0, key.indexOf('/')) : ''
    return prefix === domain || prefix.endsWith(`.${domain}`) || REVISIONS.test(key)
  }
  return { labels: {}, pending: (key) => (isOwn(key) ? PERHAPS : undefined) }
}

const REVISIONS =
  /^(?:(?:rollouts-)?pod-template-hash|controller-revision-hash|statefulset\.kubernetes\.io\/pod-name|apps\.kubernetes\.io\/pod-index|(?:batch\.kubernetes\.io\/)?(?:job-name|controller-uid|job-completion-index))$/

function pendingOf(labels: Readonly<Record<string, PendingLabel>>): PendingLabels {
  const known = new Map(Object.entries(labels))
  return (key) => known.get(key)
}

function only(mayBe: PendingLabel['mayBe']): PendingLabel {
  return { isSure: true, mayBe }
}

/** Whether a text is a whole number from one on and below another. */
function isBetween(text: string, from: number, below: number): boolean {
  return /^(?:0|[1-9]\d*)$/.test(text) && Number(text) >= from && Number(text) < below
}
