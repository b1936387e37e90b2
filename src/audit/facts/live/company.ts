import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Workload } from '../../../kubernetes/objects/workload.ts'
import { controllerLabels } from '../../../kubernetes/pods/controller-labels.ts'
import { CompanyIndex } from '../../../kubernetes/scheduler/separation.ts'
import { ownerKey, workloadKey } from './live-pods.ts'

/** The pods of audited workloads, and those that live, whether they have a node yet or not. */
export function companyOf(workloads: readonly Workload[], pods: readonly Pod[]): CompanyIndex {
  const coming = workloads.map((workload) => {
    const { resource, template } = workload
    const { labels, pending } = controllerLabels(workload)
    return {
      holder: workloadKey(resource),
      namespace: resource.namespace || 'default',
      labels: { ...template.metadata?.labels, ...labels },
      pending,
    }
  })
  const living = pods.filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed')
  return new CompanyIndex([
    ...coming,
    ...living.map((pod) => ({
      holder: ownerKey(pod),
      namespace: pod.metadata?.namespace || 'default',
      labels: pod.metadata?.labels ?? {},
    })),
  ])
}
