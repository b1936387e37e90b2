import type { Code } from './code.ts'

/** What an audit says of the namespaces that pods are made in, of what may refuse them there, and of what they wait for. */
export const NAMESPACE_CODES = {
  OBJECT_MISSING: {
    kind: 'hazard',
    severity: 'warning',
    title: 'Something that the pods of a workload need is not among the inputs',
    help: 'The API server makes no pod in a namespace, or for a ServiceAccount, that is not there; a container waits for a ConfigMap or Secret that it does not call optional. Where the inputs are all that the cluster has, the workload is unknown.',
    action: 'Add it to the inputs, or apply it before the workload.',
  },
  POD_SECURITY: {
    kind: 'hazard',
    severity: 'warning',
    title: 'The namespace enforces a level of Pod Security that the pod does not meet',
    help: 'The API server refuses such pods, unless their namespace, user or RuntimeClass is exempt in its configuration. So the workload is unknown.',
    action: 'Change what is named in the pod, or the label pod-security.kubernetes.io/enforce of the namespace.',
  },
  QUOTA_IN_THE_WAY: {
    kind: 'hazard',
    severity: 'warning',
    title: 'A ResourceQuota may refuse the pods of a workload',
    help: 'A quota of cpu or memory refuses pods whose containers do not say how much they want; any quota, those beyond what it allows: what the audited workloads of its namespace ask for is summed up. Which of them are refused nobody can tell, so they are unknown.',
    action: 'Set resources in every container, add the LimitRange of the namespace to the inputs, or raise the quota.',
  },
  POD_MAY_BE_REFUSED: {
    kind: 'omission',
    severity: 'warning',
    one: 'part of a cluster that may refuse pods',
    many: 'parts of a cluster that may refuse pods',
    title: 'Something may refuse pods when they are made',
    help: 'A webhook, or a policy of Kubernetes, Kyverno, Gatekeeper, Kubewarden, sigstore or OpenShift, refuses what it does not like, and what it asks for is not evaluated here. So the workloads are unknown, not safe.',
    action: 'See that it lets the pods pass, and allow it: --allow POD_MAY_BE_REFUSED=NAME.',
  },
  POD_MAY_BE_DELETED: {
    kind: 'hazard',
    severity: 'warning',
    title: 'Something deletes workloads or their pods when its time comes',
    help: 'A policy of Kyverno deletes what it matches on a schedule; its conditions are not evaluated here. Verdicts are about pods that are made again, and say nothing of workloads that are gone.',
    action: 'See that its conditions spare these workloads.',
  },
  NODE_FILE_NEEDED: {
    kind: 'note',
    severity: 'info',
    title: 'A workload wants a file, a directory or a socket to be on its node',
    help: 'A hostPath volume of the types Directory, File, Socket and devices is mounted only where its path is there already; else the pod waits (FailedMount). No node tells what it has.',
    action: 'See that it is on every node that the pods may land on, or use DirectoryOrCreate.',
  },
  CSI_DRIVER_UNKNOWN: {
    kind: 'hazard',
    severity: 'warning',
    title: 'Nothing tells on which nodes a CSI driver runs that volumes need',
    help: 'A volume is made, attached and mounted only where its driver runs, and without it the pod waits. Where CSINodes are told, verdicts go by them.',
    action:
      'Add them to the inputs: kubectl get csinodes,csidrivers -o yaml. See that the driver and its images are in the cluster.',
  },
  NODE_READINESS_UNKNOWN: {
    kind: 'note',
    severity: 'info',
    title: 'The list of nodes does not tell which of them are ready',
    help: 'No node in it has a Ready condition, as in a list that was shortened or written by hand. Verdicts are those of nodes that are ready.',
    action: 'Write the file with: kubectl get nodes -o json > nodes.json',
  },
  IMAGE_USER_UNKNOWN: {
    kind: 'hazard',
    severity: 'warning',
    title: 'A container must not run as root, and nothing tells as whom its image runs',
    help: 'With runAsNonRoot and no runAsUser the kubelet goes by the image: it refuses one that names no user, user 0, or a user in letters (CreateContainerConfigError). Only its config tells, which is in a bundle and not in a lock, and no node tells it.',
    action: 'Name the bundle that has the image, --bundle FILE, or set runAsUser.',
  },
  LIVE_TROUBLE: {
    kind: 'hazard',
    severity: 'warning',
    title: 'A pod of a workload waits now, and not for an image',
    help: 'The scheduler finds no node for it, or the kubelet cannot make its container. What keeps it is not among what the audit knows, or it is from before; so a workload that would be safe is unknown.',
    action: 'See kubectl describe pod; audit again when it runs.',
  },
  NO_ROOM: {
    kind: 'hazard',
    severity: 'warning',
    title: 'The nodes have no room for all pods of a workload',
    help: 'Requests, the number of pods of each node and host ports are summed up over the nodes that a workload may land on: some of its pods certainly stay pending. That nothing is said does not mean that all fits.',
    action: 'Lower replicas or requests, or let it land on more nodes that hold its images.',
  },
} as const satisfies Record<string, Code>
