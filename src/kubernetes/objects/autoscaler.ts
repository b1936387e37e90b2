import { valueAt } from '../documents/path.ts'
import { isObject, type Resource } from './resource.ts'

/** The kinds of the objects that change how many pods a workload has. */
export const AUTOSCALER_KINDS: readonly string[] = ['HorizontalPodAutoscaler', 'ScaledObject', 'Rollout']

/** To how many pods something may scale a workload. */
export interface Autoscaler {
  readonly target: { readonly kind: string; readonly namespace: string | undefined; readonly name: string }
  readonly minReplicas: number
  readonly maxReplicas: number
}

/** What KEDA scales to where nothing is said. Source: keda.sh/docs/2.17/reference/scaledobject-spec. */
const KEDA_DEFAULT = 100

/** A HorizontalPodAutoscaler or KEDA's ScaledObject; undefined for any other resource. */
export function autoscalerOf({ kind, apiVersion, namespace, value }: Resource): Autoscaler | undefined {
  const isKeda = kind === 'ScaledObject' && apiVersion.startsWith('keda.sh/')
  if (!isKeda && !(kind === 'HorizontalPodAutoscaler' && apiVersion.startsWith('autoscaling/'))) return undefined
  const target = valueAt(value, ['spec', 'scaleTargetRef'])
  if (!isObject(target) || typeof target.name !== 'string') return undefined
  const most = valueAt(value, ['spec', isKeda ? 'maxReplicaCount' : 'maxReplicas'])
  const maxReplicas = typeof most === 'number' ? most : isKeda ? KEDA_DEFAULT : 0
  const least = valueAt(value, ['spec', isKeda ? 'minReplicaCount' : 'minReplicas'])
  const minReplicas = typeof least === 'number' ? least : isKeda ? 0 : 1
  return {
    target: { kind: String(target.kind ?? 'Deployment'), namespace, name: target.name },
    minReplicas,
    maxReplicas,
  }
}

/** What makes pods of the template of another workload. */
interface Takeover {
  readonly target: Autoscaler['target']
  readonly replicas: number
}

/** The workload whose template a Rollout takes, which is scaled down for it. Source: Argo Rollouts 1.8, workloadRef. */
export function takeoverOf({ kind, apiVersion, namespace, value }: Resource): Takeover | undefined {
  if (kind !== 'Rollout' || !apiVersion.startsWith('argoproj.io/')) return undefined
  const target = valueAt(value, ['spec', 'workloadRef'])
  if (!isObject(target) || typeof target.name !== 'string') return undefined
  const replicas = valueAt(value, ['spec', 'replicas'])
  return {
    target: { kind: String(target.kind ?? 'Deployment'), namespace, name: target.name },
    replicas: typeof replicas === 'number' ? replicas : 1,
  }
}
