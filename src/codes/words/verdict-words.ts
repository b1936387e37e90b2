import type { Word } from './word.ts'

const TABLE = 'The line of the audit names the nodes and the rule: nodeseed audit INPUT... --nodes FILE.'

/** The reasons that an audit gives for a pod and a node. Those of the scheduler bear the names of its own filters. */
export const VERDICT_WORDS = {
  AlwaysOffline: {
    title: 'The pod asks a registry although the image may be on the node',
    help: 'Its pull policy is Always, or the kubelet checks pull credentials at a registry. Offline both end in ErrImagePull.',
    look: 'The policy of the container, and the finding CREDENTIALS_VERIFICATION.',
    action:
      'Set imagePullPolicy: IfNotPresent; or serve a mirror, and say so: --mirror, with --bundle for what it serves.',
  },
  ImageMissing: {
    title: 'The image is not on the node',
    help: 'The strongest source that the audit has for the node lists its images, and this one is not among them under the name that the pod uses.',
    look: TABLE,
    action: 'Seed the node, or keep the workload to nodes that have it: nodeseed patch --placement DIR.',
  },
  ImageUnknown: {
    title: 'Nobody can tell whether the image is on the node',
    help: 'The kubelet reports at most 50 images of a node and 5 names of each. What it leaves out may be there.',
    look: "Give the node's own list: crictl images -o json > NODE.json, then --images NODE=NODE.json.",
    action: 'Ask the node itself, or seed it: a seed label with --placement DIR says what it holds.',
  },
  SandboxImageMissing: {
    title: 'The sandbox (pause) image is not on the node',
    help: 'Without it no pod starts there: FailedCreatePodSandBox.',
    look: 'crictl info | grep -i sandbox on the node.',
    action: 'Bundle that image too (--image REF), and seed and pin it.',
  },
  Platform: {
    title: 'The image or the pod is for another platform than the node',
    help: 'A single-platform image is taken by any node and then fails with "exec format error"; of an index the part for the node is missing.',
    look: 'nodeseed inspect FILE lists the platforms; kubectl get nodes -L kubernetes.io/arch.',
    action: 'Bundle again with --platform, or with --nodes and the list of nodes.',
  },
  Artifact: {
    title: 'The image is an artifact, from which no container starts',
    help: 'What the bundle holds under this name is a chart, a model or the like. A runtime makes no container of it; CRI-O from 1.33 on mounts it as an image volume, containerd does not. Nodes get it from a registry only.',
    look: 'nodeseed inspect FILE -o wide names the kind.',
    action: 'Correct the image of the container; for a volume, use nodes with CRI-O and serve a mirror: --mirror.',
  },
  Admission: {
    title: 'The API server would reject or change the pod in a way that nobody can tell here',
    help: 'The object is not valid, or names a PriorityClass or RuntimeClass that is not among the inputs.',
    look: 'kubectl apply --dry-run=server on a cluster of the same version.',
    action: 'Correct the manifest, or add the missing classes to the inputs.',
  },
  SchedulingGates: {
    title: 'Scheduling gates hold the pod back',
    help: 'The pod waits until something removes its gates. Nobody can tell here when.',
    look: TABLE,
    action: 'Judge it once the gates are gone.',
  },
  NodeUnschedulable: {
    title: 'The node is cordoned, or being deleted',
    help: 'No new pod goes to a cordoned node, except those that tolerate it, as DaemonSets do. A pod leaves with its node.',
    look: 'kubectl get nodes: SchedulingDisabled.',
    action: 'kubectl uncordon NODE, if it is to take pods again.',
  },
  NodeName: {
    title: 'The pod is bound to another node by name',
    help: 'spec.nodeName goes past the scheduler: the pod runs there or nowhere.',
    look: TABLE,
    action: 'Use a nodeSelector instead, and seed the nodes that it selects.',
  },
  TaintToleration: {
    title: 'The pod does not tolerate a taint of the node, or only for a while',
    help: 'A taint keeps pods away that do not say that they tolerate it; control planes have one. One with NoExecute evicts a pod after the tolerationSeconds of its toleration.',
    look: 'kubectl describe node: Taints.',
    action: 'Add a toleration, or remove the taint.',
  },
  NodeAffinity: {
    title: 'The pod selects nodes by labels that this one does not have',
    help: 'nodeSelector and required node affinity must both fit. A seed label that is not there yet looks like this too.',
    look: 'kubectl get nodes --show-labels.',
    action: 'Label the node (nodeseed label, after seeding), or change what the pod selects.',
  },
  NodePorts: {
    title: 'A host port that the pod wants is taken on the node',
    help: 'A host port can be taken once a node and address.',
    look: TABLE,
    action: 'Use a Service, or another port.',
  },
  NodeResourcesFit: {
    title: 'The node has too little left for what the pod requests',
    help: 'Requests of the pods that are there count, not what they use.',
    look: 'kubectl describe node: Allocatable and Allocated resources.',
    action: 'Lower the requests, or add nodes and seed them.',
  },
  VolumeRestrictions: {
    title: 'A volume claim of the pod is not there',
    help: 'A pod waits until each PersistentVolumeClaim that it names exists.',
    look: 'kubectl get pvc in the namespace of the pod.',
    action: 'Make the claim, or correct its name in the pod.',
  },
  NodeVolumeLimits: {
    title: 'The pod brings more volumes than a driver attaches to the node, or nobody can tell',
    help: 'The CSINode of a node says how many volumes each of its drivers attaches there; a driver that it does not name attaches none. Volumes of the pods that are there count, each once.',
    look: 'kubectl get csinodes -o yaml: spec.drivers[].allocatable.count; kubectl get volumeattachments.',
    action: 'Let the pod have fewer volumes, or add nodes and seed them; give CSINodes and live pods to the audit.',
  },
  VolumeBinding: {
    title: 'A volume of the pod is not for the node, or nobody can tell',
    help: 'Local volumes and volumes of one zone bind a pod to the nodes that can reach them. A claim that has no volume yet may get one anywhere.',
    look: 'kubectl get pvc,pv,storageclasses -A -o yaml: volumeName, nodeAffinity, volumeBindingMode.',
    action: 'Add claims, volumes and classes to the inputs, and seed the nodes that the volumes are for.',
  },
  VolumeZone: {
    title: 'A volume of the pod is in another zone than the node',
    help: 'The labels of a volume name its zone or region, and the node has another one.',
    look: 'kubectl get pv --show-labels, and the same of nodes.',
    action: 'Seed the nodes of the zone that the volume is in.',
  },
  PodTopologySpread: {
    title: 'A topology spread constraint keeps the pod away, or may',
    help: 'The constraint depends on the other pods and on a label that every node must have.',
    look: 'kubectl get nodes -L with the topologyKey of the constraint.',
    action: 'Label the nodes, or use whenUnsatisfiable: ScheduleAnyway.',
  },
  InterPodAffinity: {
    title: 'Affinity to other pods, or against them, decides',
    help: 'Where the pod may go depends on where other pods are.',
    look: TABLE,
    action: 'Give the live pods with --pods FILE, and seed every node that remains possible.',
  },
  NodeDeclaredFeatures: {
    title: 'The node lacks a feature that the pod needs',
    help: 'From 1.36 on nodes declare their features, and the scheduler keeps pods away that need others.',
    look: 'kubectl get node -o yaml: status.declaredFeatures.',
    action: 'Update the node, or leave the field out of the pod.',
  },
  DynamicResources: {
    title: 'The pod claims devices, and nobody can tell which node has them',
    help: 'Devices are given out by drivers when the pod is scheduled; a claim that does not exist keeps the pod waiting.',
    look: 'kubectl get resourceclaims,resourceslices -A.',
    action: 'Judge by hand which nodes have the devices, and seed them.',
  },
  OtherScheduler: {
    title: 'Another scheduler places the pod',
    help: 'Its rules are not known here.',
    look: 'spec.schedulerName of the pod.',
    action: 'Judge its placement by hand.',
  },
  Kubelet: {
    title: 'The kubelet of the node refuses the pod, or may',
    help: 'Pods that are bound to a node go past the scheduler, and the kubelet applies rules of its own.',
    look: 'kubectl describe pod: events of the kubelet.',
    action: 'Change what the message names, or let the scheduler place the pod.',
  },
  UnmodelledField: {
    title: 'The pod has a field that the audit does not judge',
    help: 'The field may decide where the pod goes or whether it starts. Unknown is not safe.',
    look: TABLE,
    action: 'Judge this field by hand.',
  },
} as const satisfies Record<string, Word>
