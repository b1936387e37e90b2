import type { Path } from '../../kubernetes/documents/path.ts'
import { isObject, type Resource } from '../../kubernetes/objects/resource.ts'

/** How many of something are run. */
const COUNTS =
  /^(?:replicas|replicaCount|size|instances|members|nodeCount|numberOfNodes|servers|workers|brokers|shards)$/
/** What only pods have. */
const OF_PODS =
  /^(?:nodeSelector|tolerations|podTemplate|podSpec|podMetadata|podAnnotations|podLabels|podSecurityContext|serviceAccountName|serviceAccount|volumeClaimTemplates?|topologySpreadConstraints|priorityClassName|imagePullSecrets|imagePullPolicy|livenessProbe|readinessProbe|extraEnv|containers|initContainers|sidecars)$/

/** Kinds with counts or limits of things that are no pods: data, rules, machines, what others run. */
const OTHER_KINDS =
  /(?:Topic|Queue|Quota|Policy|Stream|Bucket|User|Role|Route|Binding|Claim|Pool|Class|Template|Profile|Autoscaler|Scaler|ScaledObject|Machine\w*|VirtualMachine\w*|VM|Node|NodeGroup|NodeConfig|Provisioner|Workload|PodGroup|Volume|Snapshot|Backup|Restore|Schedule|Network|Subnet|Rollout|Budget|Composition|Definition|Request|Report|Rule|Settings?|Image\w*)$/
/** Groups whose kinds describe machines, clouds, packages, policies or what other controllers already tell. */
const OTHER_GROUPS =
  /(?:^|\.)(?:karpenter\.\w+|karpenter\.k8s\.\w+|keda\.sh|crossplane\.io|upbound\.io|velero\.io|kueue\.x-k8s\.io|volcano\.sh|openshift\.io|cattle\.io|argoproj\.io|toolkit\.fluxcd\.io|kyverno\.io|gatekeeper\.sh|istio\.io|x-k8s\.io|cert-manager\.io|longhorn\.io|gardener\.cloud|projectcalico\.org|kubevirt\.io|kubeflow\.org|rook\.io)$/

/**
 * The field by which a custom resource without an image looks as if pods were run for it: it says how many, what they may
 * use, or where they go.
 */
export function runningShape(group: string, { kind, value }: Pick<Resource, 'kind' | 'value'>): Path | undefined {
  if (!group.includes('.') || OTHER_GROUPS.test(group) || OTHER_KINDS.test(kind) || !isObject(value.spec))
    return undefined
  const { spec } = value
  const parts = Object.entries(spec).flatMap(([key, part]) => (isObject(part) ? [{ path: ['spec', key], part }] : []))
  for (const { path, part } of [{ path: ['spec'], part: spec }, ...parts]) {
    const key = Object.keys(part).find((name) => saysPods(name, part[name]))
    if (key !== undefined) return [...path, key]
  }
  return undefined
}

function saysPods(name: string, value: unknown): boolean {
  if (COUNTS.test(name)) return typeof value === 'number' && value > 0
  if (name === 'resources') return isObject(value) && (isQuantities(value.requests) || isQuantities(value.limits))
  if (name === 'affinity') return isObject(value) && ('nodeAffinity' in value || 'podAntiAffinity' in value)
  return OF_PODS.test(name)
}

function isQuantities(value: unknown): boolean {
  return isObject(value) && ('cpu' in value || 'memory' in value)
}
