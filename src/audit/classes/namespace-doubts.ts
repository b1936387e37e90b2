import type { PodSpec } from 'kubernetes-types/core/v1.js'
import type { NamespaceObjects } from '../../kubernetes/admission/namespace-objects.ts'
import { podSecurityProblem } from '../../kubernetes/admission/pod-security/pod-security.ts'
import type { NamespaceQuota } from '../../kubernetes/admission/quota/quota.ts'
import type { Resource } from '../../kubernetes/objects/resource.ts'
import type { Labels } from '../../kubernetes/pods/label-selector.ts'
import { neededObjects } from '../../kubernetes/pods/needed-objects.ts'
import type { Doubt } from '../../kubernetes/pods/refusal.ts'
import { listNames } from '../../plural.ts'
import { type QuotaDemand, quotaDoubts } from './quota-doubts.ts'

/** What is known of the namespaces that pods are made in. */
export interface NamespaceFacts {
  /** The labels of namespaces, as far as they are known. */
  readonly namespaces?: ReadonlyMap<string, Labels>
  readonly namespaceObjects?: ReadonlyMap<string, NamespaceObjects>
  readonly completeKinds?: ReadonlySet<string>
  /** What all audited workloads ask of each quota. */
  readonly demand?: ReadonlyMap<NamespaceQuota, QuotaDemand>
}

interface PlacedPod {
  readonly spec: PodSpec
  readonly namespace: string
  readonly replicas: number | undefined
  readonly resource: Pick<Resource, 'kind' | 'value'>
  readonly priorityClass: string
  readonly annotations?: Labels | undefined
}

/** What the doubts about a pod's namespace are, and what is only to be said, as the object may be there all the same. */
interface NamespaceDoubts {
  readonly doubts: readonly Doubt[]
  readonly hazards: readonly Doubt[]
}

/** Those that every cluster has. */
const BUILT_IN: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease'])

/**
 * Why the API server or the kubelet may refuse a pod for what its namespace has or lacks. What is not among the inputs is
 * doubted where they are all that the cluster has: a live cluster, or a dump, as the objects show that each namespace has.
 */
export function namespaceDoubts(pod: PlacedPod, facts: NamespaceFacts): NamespaceDoubts {
  const { namespace, spec } = pod
  const own = facts.namespaceObjects?.get(namespace)
  const absences = [
    namespaceAbsence(namespace, facts),
    accountAbsence(pod, own, facts),
    objectAbsence(pod, own, facts),
  ].flatMap((one) => one ?? [])
  const refused = podSecurityProblem(spec, pod.annotations, facts.namespaces?.get(namespace))
  return {
    doubts: [
      ...absences.filter(({ isSure }) => isSure).map(({ message }) => absent(message)),
      ...(refused === undefined
        ? []
        : [
            doubt(
              'POD_SECURITY',
              `namespace ${namespace} enforces ${refused.level}: ${refused.problem}, unless it is exempt`,
            ),
          ]),
      ...quotaDoubts(pod, own?.quotas ?? [], facts.demand),
      ...objectDoubts(pod, own),
    ],
    hazards: absences.filter(({ isSure }) => !isSure).map(({ message }) => absent(message)),
  }
}

interface Absence {
  readonly message: string
  readonly isSure: boolean
}

function namespaceAbsence(namespace: string, { namespaces, completeKinds }: NamespaceFacts): Absence | undefined {
  if (!namespaces || namespaces.size === 0 || namespaces.has(namespace) || BUILT_IN.has(namespace)) return undefined
  const isSure = completeKinds?.has('Namespace') || (namespaces.has('kube-system') && namespaces.has('default'))
  return { message: `namespace ${namespace} is not among the inputs, and others are`, isSure }
}

function accountAbsence(
  { spec, namespace }: PlacedPod,
  own: NamespaceObjects | undefined,
  { completeKinds, namespaceObjects }: NamespaceFacts,
): Absence | undefined {
  const name = spec.serviceAccountName || (spec as { serviceAccount?: string }).serviceAccount || 'default'
  // Of a live cluster they may not be read.
  const isUnread = completeKinds !== undefined && !completeKinds.has('ServiceAccount')
  if (name === 'default' || own?.serviceAccounts.has(name) || isUnread || !namespaceObjects) return undefined
  const isSure = completeKinds !== undefined || own?.serviceAccounts.has('default') === true
  return { message: `ServiceAccount ${namespace}/${name} is not among the inputs`, isSure }
}

/** Every namespace of a live cluster has this one. */
const ROOT_CA = 'kube-root-ca.crt'

function objectDoubts({ spec, namespace }: PlacedPod, own: NamespaceObjects | undefined): Doubt[] {
  if (!own) return []
  const isDump = own.configMaps.has(ROOT_CA)
  const found = neededObjects(spec).flatMap(({ kind, name, key }) => {
    const keys = (kind === 'Secret' ? own.secrets : own.configMaps).get(name)
    if (keys) return key === undefined || keys.has(key) ? [] : [`${kind} ${namespace}/${name} has no key ${key}`]
    const isComplete = isDump && (kind === 'ConfigMap' || own.hasStoredSecrets)
    return isComplete ? [`${kind} ${namespace}/${name} is not there`] : []
  })
  return [...new Set(found)].map((message) => absent(`${message}, and a container needs it`))
}

/** What containers wait for that manifests alone do not have; where the inputs are a dump, this is a doubt. */
function objectAbsence(
  { spec, namespace }: PlacedPod,
  own: NamespaceObjects | undefined,
  { completeKinds }: NamespaceFacts,
): Absence | undefined {
  // What a live cluster does not show may not be read.
  if (completeKinds !== undefined || own?.configMaps.has(ROOT_CA)) return undefined
  const lacking = neededObjects(spec).filter(({ kind, name }) => {
    return name !== ROOT_CA && !(kind === 'Secret' ? own?.secrets : own?.configMaps)?.has(name)
  })
  const names = [...new Set(lacking.map(({ kind, name }) => `${kind} ${namespace}/${name}`))]
  if (names.length === 0) return undefined
  return { message: `a container needs ${listNames(names)}, not among the inputs`, isSure: false }
}

function absent(message: string): Doubt {
  return doubt('OBJECT_MISSING', message)
}

function doubt(code: NonNullable<Doubt['code']>, message: string): Doubt {
  return { reason: 'Admission', message, code }
}
