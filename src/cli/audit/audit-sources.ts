import type { Interfaces } from '@oclif/core'
import type { Node } from 'kubernetes-types/core/v1.js'
import type { Conditions } from '../../audit/facts/conditions.ts'
import { ApiProxy } from '../../cluster/api-proxy.ts'
import { readCluster } from '../../cluster/read-cluster.ts'
import { ExpectedError } from '../../errors.ts'
import { type Finding, finding } from '../../finding.ts'
import { NAMESPACE_KINDS } from '../../kubernetes/admission/namespace-objects.ts'
import { AUTOSCALER_KINDS } from '../../kubernetes/objects/autoscaler.ts'
import { WORKLOAD_KINDS } from '../../kubernetes/objects/workload.ts'
import { STORAGE_KINDS } from '../../kubernetes/storage/storage-facts.ts'
import { readNodesFile } from '../files/nodes-file.ts'
import type { sourceFlags } from '../flags/audit-flags.ts'
import { kubectlOf } from '../flags/kubectl-flags.ts'
import { scanOptions } from '../flags/scan-flags.ts'
import { type InputScan, scanInputs, scanObjects } from '../inputs/scan-inputs.ts'
import { withUnused } from '../inputs/usage.ts'
import { readPodsFile } from './audit-files.ts'

/** What is to be audited, and what is known of the cluster from where it was read. */
export interface AuditSources {
  readonly scan: InputScan
  readonly nodes: readonly Node[]
  readonly known: Pick<Conditions, 'livePods' | 'kubelets' | 'completeKinds'>
}

type SourceFlags = Interfaces.InferredFlags<typeof sourceFlags>

/** What changes pods as they are made, or makes and deletes more of them, and what answers for it. */
const MUTATOR_KINDS = [
  ...['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration', 'Service'],
  ...['MutatingAdmissionPolicy', 'MutatingAdmissionPolicyBinding', 'MutatingPolicy', 'NamespacedMutatingPolicy'],
  ...['GeneratingPolicy', 'NamespacedGeneratingPolicy', 'DeletingPolicy', 'NamespacedDeletingPolicy'],
  ...['CleanupPolicy', 'ClusterCleanupPolicy', 'ClusterPolicy', 'Policy', 'Assign', 'AssignImage', 'ModifySet'],
  'VerticalPodAutoscaler',
]

/** What refuses pods as they are made, by kind or by group. */
const REFUSER_KINDS = [
  ...['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding', 'constraints.gatekeeper.sh'],
  ...['ValidatingPolicy', 'NamespacedValidatingPolicy', 'ImageValidatingPolicy', 'NamespacedImageValidatingPolicy'],
  ...['policies.kubewarden.io', 'policy.sigstore.dev', 'portieris.cloud.ibm.com', 'config.openshift.io'],
]

/** What is kept of the inputs of an audit. */
export const AUDITED = {
  keepWorkloads: true,
  keepCustomWorkloads: true,
  saysIdleFlags: false,
  // What may be an image is looked up too, and then only noted.
  minConfidence: 'possible' as const,
  keepKinds: [
    ...WORKLOAD_KINDS,
    'RuntimeClass',
    'PriorityClass',
    'LimitRange',
    'Namespace',
    ...MUTATOR_KINDS,
    ...REFUSER_KINDS,
    ...NAMESPACE_KINDS,
    ...STORAGE_KINDS,
    ...AUTOSCALER_KINDS,
  ],
}

async function scanFiles(inputs: readonly string[], flags: SourceFlags): Promise<InputScan> {
  const options = { ...(await scanOptions(flags)), ...AUDITED }
  return withUnused(await scanInputs(inputs, options), options)
}

/**
 * Reads nodes, workloads and live pods, from files or from the cluster; of a cluster, inputs stand for its workloads.
 *
 * @throws {ExpectedError} USAGE, INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_INVALID; KUBECTL_MISSING, CLUSTER_UNREACHABLE
 *   and what reading a cluster throws.
 */
export async function readAuditSources(inputs: readonly string[], flags: SourceFlags): Promise<AuditSources> {
  if (flags.cluster) return readLive(inputs, flags)
  if (flags.nodes === undefined || inputs.length === 0) throw missingSource(flags.nodes === undefined)
  const nodes = await readNodesFile(flags.nodes)
  const livePods = flags.pods === undefined ? undefined : await readPodsFile(flags.pods)
  return { nodes, scan: await scanFiles(inputs, flags), known: { ...(livePods && { livePods }) } }
}

async function readLive(inputs: readonly string[], flags: SourceFlags): Promise<AuditSources> {
  const api = await ApiProxy.start({ ...kubectlOf(flags), timeout: flags.timeout })
  try {
    const { nodes, pods, objects, kubelets, completeKinds, unread } = await readCluster(api)
    const live = scanObjects(objects, 'cluster', AUDITED)
    const files = inputs.length > 0 ? await scanFiles(inputs, flags) : undefined
    const { workloads, uses, unsure, findings, origins } = files ?? live
    const resources = [...live.resources, ...(files?.resources ?? [])]
    const scan = {
      workloads,
      uses,
      unsure,
      origins,
      resources,
      findings: [...findings, ...unread.map(unreadFinding), ...(files ? [] : [partlyRead()])],
    }
    return { nodes, scan, known: { livePods: pods, kubelets, completeKinds } }
  } finally {
    await api.close()
  }
}

function unreadFinding(problem: string): Finding {
  return finding('CLUSTER_UNREAD', `the audit goes on without: ${problem}`)
}

function partlyRead(): Finding {
  const message = 'images that only ConfigMaps, custom resources and their operators name: --cluster does not read them'
  return finding('CLUSTER_PARTLY_READ', message)
}

function missingSource(lacksNodes: boolean): ExpectedError {
  return lacksNodes
    ? new ExpectedError('USAGE', 'neither --nodes FILE nor --cluster says which nodes there are', {
        hint: 'Write the file with: kubectl get nodes -o json > nodes.json',
      })
    : new ExpectedError('USAGE', 'no INPUT to audit', { hint: 'Give files or directories, or --cluster.' })
}
