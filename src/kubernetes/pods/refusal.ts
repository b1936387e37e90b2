/** The scheduler's own names of its filters, in the order in which it asks them. */
export type SchedulerFilter =
  | 'SchedulingGates'
  | 'NodeUnschedulable'
  | 'NodeName'
  | 'TaintToleration'
  | 'NodeAffinity'
  | 'NodePorts'
  | 'NodeResourcesFit'
  | 'VolumeRestrictions'
  | 'NodeVolumeLimits'
  | 'VolumeBinding'
  | 'VolumeZone'
  | 'PodTopologySpread'
  | 'InterPodAffinity'
  | 'NodeDeclaredFeatures'
  | 'DynamicResources'

/**
 * Who says no to a pod, or may: the API server, a filter of the scheduler, a scheduler of another name, the kubelet, a
 * field that is not judged.
 */
export type Refuser = 'Admission' | SchedulerFilter | 'OtherScheduler' | 'Kubelet' | 'UnmodelledField'

/** Why a pod is not placed on a node, or may not be. */
export interface Refusal {
  readonly reason: Refuser
  readonly message: string
}

/** What may keep a pod from every node, and nobody here can tell. */
export interface Doubt extends Refusal {
  /** Of the finding that says so; left out where the verdict says it all. */
  readonly code?: DoubtCode
}

export type DoubtCode =
  | 'CLAIM_UNKNOWN'
  | 'FIELD_UNMODELLED'
  | 'NODE_FILE_NEEDED'
  | 'OBJECT_MISSING'
  | 'POD_SECURITY'
  | 'PRIORITY_CLASS_UNKNOWN'
  | 'QUOTA_IN_THE_WAY'
  | 'RESOURCE_CLAIM_UNKNOWN'
  | 'RUNTIME_CLASS_UNKNOWN'
  | 'SCHEDULER_UNKNOWN'
  | 'SCHEDULING_GATED'
