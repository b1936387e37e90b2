import {
  absolute,
  address,
  annotationKeys,
  between,
  configKey,
  containerResource,
  countOrPercent,
  dnsLabel,
  driverName,
  fileMode,
  headerName,
  id,
  labelKey,
  labels,
  notNegative,
  oneOf,
  pathBelow,
  port,
  portName,
  portOrName,
  schedule,
  searchDomain,
  storageRequest,
  subdomain,
  sysctl,
  timeZone,
  type ValueCheck,
  variableName,
  withoutBacksteps,
} from './formats.ts'

/** What the API server asks of one field. */
export interface ValidatedField {
  /** An object without it is refused. */
  readonly isRequired?: boolean
  readonly check?: ValueCheck
  /** The check is for an empty text too. */
  readonly isStrict?: boolean
  /** For each entry of a list. */
  readonly entry?: ValueCheck
  /** The field that no two entries of the list share. */
  readonly unique?: string
}

const is = (check: ValueCheck): ValidatedField => ({ check })
/** Of a pointer: there, or not empty. */
const strict = (check: ValueCheck): ValidatedField => ({ check, isStrict: true })
const each = (entry: ValueCheck): ValidatedField => ({ entry })
const must = (check?: ValueCheck): ValidatedField => ({ isRequired: true, ...(check && { check }) })

const CONTAINER: Readonly<Record<string, ValidatedField>> = {
  name: must(dnsLabel),
  image: must(),
  imagePullPolicy: is(oneOf('Always IfNotPresent Never')),
  terminationMessagePolicy: is(oneOf('File FallbackToLogsOnError')),
  resizePolicy: { unique: 'resourceName' },
}
const PROBE_TIMES = 'initialDelaySeconds timeoutSeconds periodSeconds successThreshold failureThreshold'
const ACCESS_MODES = oneOf('ReadWriteOnce ReadOnlyMany ReadWriteMany ReadWriteOncePod')
const NODE_OPERATORS = 'In NotIn Exists DoesNotExist Gt Lt'
const POLICIES = oneOf('Honor Ignore')
const COUNTS = ['replicas', 'minReadySeconds']
const HISTORY = 'revisionHistoryLimit'
const counts = (...names: string[]) => Object.fromEntries(names.map((name) => [name, is(notNegative)]))

/** The rules of fields by themselves, by type. Source: kubernetes 1.34, pkg/apis/{core,apps,batch}/validation. */
export const FIELD_RULES: Readonly<Record<string, Readonly<Record<string, ValidatedField>>>> = {
  ObjectMeta: { labels: is(labels), annotations: is(annotationKeys), namespace: is(dnsLabel) },
  Node: { metadata: must() },
  LivePod: { metadata: must(), spec: must() },
  LivePodSpec: { containers: must() },
  Taint: { key: must(), effect: must(oneOf('NoSchedule PreferNoSchedule NoExecute')) },
  NodeCondition: { type: must(), status: must() },
  PodSpec: {
    containers: must(),
    volumes: { unique: 'name' },
    restartPolicy: is(oneOf('Always OnFailure Never')),
    dnsPolicy: is(oneOf('ClusterFirst ClusterFirstWithHostNet Default None')),
    preemptionPolicy: strict(oneOf('PreemptLowerPriority Never')),
    serviceAccountName: is(subdomain),
    nodeName: is(subdomain),
    priorityClassName: is(subdomain),
    runtimeClassName: is(subdomain),
    hostname: is(dnsLabel),
    subdomain: is(dnsLabel),
    hostnameOverride: is(subdomain),
    nodeSelector: is(labels),
    terminationGracePeriodSeconds: is(between(-1e12, 1e12)),
    activeDeadlineSeconds: is(between(1, 2 ** 31 - 1)),
    schedulingGates: { unique: 'name' },
    resourceClaims: { unique: 'name' },
  },
  Container: CONTAINER,
  EphemeralContainer: CONTAINER,
  Volume: { name: must(dnsLabel) },
  VolumeMount: {
    name: must(),
    mountPath: must(),
    subPath: is(pathBelow),
    subPathExpr: is(pathBelow),
    mountPropagation: strict(oneOf('None HostToContainer Bidirectional')),
    recursiveReadOnly: is(oneOf('Disabled Enabled IfPossible')),
  },
  VolumeDevice: { name: must(), devicePath: must(withoutBacksteps) },
  ContainerPort: {
    containerPort: must(port),
    hostPort: is(between(0, 65_535)),
    name: is(portName),
    protocol: is(oneOf('TCP UDP SCTP')),
  },
  EnvVar: { name: must(variableName) },
  EnvFromSource: { prefix: is(variableName) },
  ObjectFieldSelector: { fieldPath: must() },
  ResourceFieldSelector: { resource: must(containerResource) },
  ConfigMapKeySelector: { name: must(subdomain), key: must(configKey) },
  SecretKeySelector: { name: must(subdomain), key: must(configKey) },
  ConfigMapEnvSource: { name: must(subdomain) },
  SecretEnvSource: { name: must(subdomain) },
  Probe: { ...counts(...PROBE_TIMES.split(' ')), terminationGracePeriodSeconds: is(between(1, 1e12)) },
  ExecAction: { command: must() },
  HTTPGetAction: { port: must(portOrName), scheme: is(oneOf('HTTP HTTPS')) },
  HTTPHeader: { name: must(headerName) },
  TCPSocketAction: { port: must(portOrName) },
  GRPCAction: { port: must(port) },
  SecurityContext: { runAsUser: is(id), runAsGroup: is(id), procMount: strict(oneOf('Default Unmasked')) },
  PodSecurityContext: {
    runAsUser: is(id),
    runAsGroup: is(id),
    fsGroup: is(id),
    fsGroupChangePolicy: strict(oneOf('OnRootMismatch Always')),
    supplementalGroupsPolicy: is(oneOf('Merge Strict')),
    seLinuxChangePolicy: is(oneOf('MountOption Recursive')),
    sysctls: { unique: 'name' },
    supplementalGroups: each(id),
  },
  SeccompProfile: { type: must(oneOf('Localhost RuntimeDefault Unconfined')) },
  AppArmorProfile: { type: must(oneOf('Localhost RuntimeDefault Unconfined')) },
  Sysctl: { name: must(sysctl) },
  HostPathVolumeSource: {
    path: must(withoutBacksteps),
    type: is(oneOf('DirectoryOrCreate Directory FileOrCreate File Socket CharDevice BlockDevice')),
  },
  ConfigMapVolumeSource: { name: must(), defaultMode: is(fileMode) },
  SecretVolumeSource: { secretName: must(), defaultMode: is(fileMode) },
  DownwardAPIVolumeSource: { defaultMode: is(fileMode) },
  ProjectedVolumeSource: { defaultMode: is(fileMode) },
  ConfigMapProjection: { name: must() },
  SecretProjection: { name: must() },
  ServiceAccountTokenProjection: { path: must(pathBelow), expirationSeconds: is(between(600, 2 ** 32)) },
  KeyToPath: { key: must(), path: must(pathBelow), mode: is(fileMode) },
  DownwardAPIVolumeFile: { path: must(pathBelow), mode: is(fileMode) },
  PersistentVolumeClaimVolumeSource: { claimName: must() },
  ImageVolumeSource: { pullPolicy: is(oneOf('Always IfNotPresent Never')) },
  CSIVolumeSource: { driver: must(driverName) },
  NFSVolumeSource: { server: must(), path: must(absolute) },
  PersistentVolumeClaimSpec: { accessModes: { isRequired: true, entry: ACCESS_MODES }, resources: must() },
  VolumeResourceRequirements: { requests: must(storageRequest) },
  EphemeralVolumeSource: { volumeClaimTemplate: must() },
  PersistentVolumeClaimTemplate: { spec: must() },
  PersistentVolumeClaim: { spec: must() },
  NodeSelector: { nodeSelectorTerms: must() },
  NodeSelectorRequirement: { key: must(), operator: must(oneOf(NODE_OPERATORS)) },
  PreferredSchedulingTerm: { weight: must(between(1, 100)) },
  WeightedPodAffinityTerm: { weight: must(between(1, 100)), podAffinityTerm: must() },
  PodAffinityTerm: { topologyKey: must(labelKey) },
  LabelSelectorRequirement: { key: must(labelKey), operator: must(oneOf('In NotIn Exists DoesNotExist')) },
  LabelSelector: { matchLabels: is(labels) },
  Toleration: { key: is(labelKey), effect: is(oneOf('NoSchedule PreferNoSchedule NoExecute')) },
  TopologySpreadConstraint: {
    maxSkew: must(between(1, 2 ** 31 - 1)),
    minDomains: is(between(1, 2 ** 31 - 1)),
    topologyKey: must(),
    whenUnsatisfiable: must(oneOf('DoNotSchedule ScheduleAnyway')),
    nodeAffinityPolicy: is(POLICIES),
    nodeTaintsPolicy: is(POLICIES),
  },
  HostAlias: { ip: must(address), hostnames: each(subdomain) },
  PodDNSConfig: { nameservers: each(address), searches: each(searchDomain) },
  PodDNSConfigOption: { name: must() },
  PodReadinessGate: { conditionType: must(labelKey) },
  PodSchedulingGate: { name: must(labelKey) },
  PodResourceClaim: {
    name: must(dnsLabel),
    resourceClaimName: is(subdomain),
    resourceClaimTemplateName: is(subdomain),
  },
  PodOS: { name: must(oneOf('linux windows')) },
  ContainerResizePolicy: {
    resourceName: must(oneOf('cpu memory')),
    restartPolicy: must(oneOf('NotRequired RestartContainer')),
  },
  DeploymentSpec: { ...counts(...COUNTS, HISTORY), progressDeadlineSeconds: is(notNegative), selector: must() },
  ReplicaSetSpec: { ...counts(...COUNTS), selector: must() },
  DaemonSetSpec: { ...counts('minReadySeconds', HISTORY), selector: must() },
  StatefulSetSpec: {
    ...counts(...COUNTS, HISTORY),
    selector: must(),
    podManagementPolicy: is(oneOf('OrderedReady Parallel')),
    serviceName: is(dnsLabel),
  },
  ReplicationControllerSpec: counts(...COUNTS),
  DeploymentStrategy: { type: is(oneOf('RollingUpdate Recreate')) },
  DaemonSetUpdateStrategy: { type: is(oneOf('RollingUpdate OnDelete')) },
  StatefulSetUpdateStrategy: { type: is(oneOf('RollingUpdate OnDelete')) },
  StatefulSetOrdinals: counts('start'),
  StatefulSetPersistentVolumeClaimRetentionPolicy: {
    whenDeleted: is(oneOf('Retain Delete')),
    whenScaled: is(oneOf('Retain Delete')),
  },
  RollingUpdateDeployment: { maxUnavailable: strict(countOrPercent), maxSurge: strict(countOrPercent) },
  RollingUpdateDaemonSet: { maxUnavailable: strict(countOrPercent), maxSurge: strict(countOrPercent) },
  RollingUpdateStatefulSetStrategy: { partition: is(notNegative), maxUnavailable: strict(countOrPercent) },
  JobSpec: {
    ...counts('parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished'),
    ...counts('backoffLimitPerIndex', 'maxFailedIndexes'),
    completionMode: is(oneOf('NonIndexed Indexed')),
    podReplacementPolicy: strict(oneOf('TerminatingOrFailed Failed')),
  },
  CronJobSpec: {
    ...counts('startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'),
    schedule: must(schedule),
    timeZone: strict(timeZone),
    concurrencyPolicy: is(oneOf('Allow Forbid Replace')),
    jobTemplate: must(),
  },
}
