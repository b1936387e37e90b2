/** What the audit makes of the fields of one type of the API; names are separated by spaces. */
export interface FieldKinds {
  /** Judged. `name:Type` where fields of that type have kinds of their own. */
  readonly modelled: string
  /** Says nothing of where a pod goes, nor of its images. */
  readonly irrelevant: string
  /** May decide about a pod, and nobody here can tell how: a pod that sets it is unknown. */
  readonly unmodelled: string
}

const CONTAINER_MODELLED =
  'name image imagePullPolicy ports resources:ResourceRequirements restartPolicy volumeMounts:VolumeMount ' +
  'restartPolicyRules:ContainerRestartRule lifecycle securityContext:SecurityContext'

const CONTAINER_IRRELEVANT =
  'command args workingDir envFrom env resizePolicy volumeDevices livenessProbe readinessProbe startupProbe ' +
  'terminationMessagePath terminationMessagePolicy stdin stdinOnce tty'

/** Every field of a pod spec. A field that is not here is from a newer API: unmodelled. Source: k8s.io/api 1.38, core/v1. */
export const POD_FIELDS: Readonly<Record<string, FieldKinds>> = {
  PodSpec: {
    modelled:
      'containers:Container initContainers:Container ephemeralContainers:EphemeralContainer volumes:Volume ' +
      'nodeSelector nodeName hostNetwork affinity:Affinity tolerations:Toleration ' +
      'topologySpreadConstraints:TopologySpreadConstraint priorityClassName priority preemptionPolicy ' +
      'runtimeClassName overhead os:PodOS schedulerName schedulingGates resourceClaims ' +
      'resources:ResourceRequirements securityContext:PodSecurityContext hostUsers hostnameOverride',
    irrelevant:
      'restartPolicy terminationGracePeriodSeconds activeDeadlineSeconds dnsPolicy serviceAccountName serviceAccount ' +
      'automountServiceAccountToken hostPID hostIPC shareProcessNamespace imagePullSecrets hostname subdomain ' +
      'hostAliases dnsConfig readinessGates enableServiceLinks setHostnameAsFQDN evictionResponders',
    unmodelled: 'schedulingGroup',
  },
  Container: { modelled: CONTAINER_MODELLED, irrelevant: CONTAINER_IRRELEVANT, unmodelled: '' },
  EphemeralContainer: {
    modelled: CONTAINER_MODELLED,
    irrelevant: `${CONTAINER_IRRELEVANT} targetContainerName`,
    unmodelled: '',
  },
  VolumeMount: {
    modelled: 'name bindMountOptions',
    irrelevant: 'readOnly mountPath subPath subPathExpr mountPropagation',
    unmodelled: 'recursiveReadOnly',
  },
  ContainerRestartRule: { modelled: 'action', irrelevant: 'exitCodes', unmodelled: '' },
  ResourceRequirements: { modelled: 'limits requests', irrelevant: 'claims', unmodelled: '' },
  Volume: {
    modelled:
      'name persistentVolumeClaim:PersistentVolumeClaimVolumeSource ephemeral image:ImageVolumeSource ' +
      'projected:ProjectedVolumeSource',
    irrelevant:
      'hostPath emptyDir gitRepo secret nfs glusterfs flexVolume cephfs flocker downwardAPI fc configMap quobyte ' +
      'photonPersistentDisk scaleIO storageos azureFile',
    // Other pods with the same disk, and how many disks a node can attach, are not counted here.
    unmodelled: 'gcePersistentDisk awsElasticBlockStore iscsi rbd cinder azureDisk vsphereVolume portworxVolume csi',
  },
  PersistentVolumeClaimVolumeSource: { modelled: 'claimName', irrelevant: 'readOnly', unmodelled: '' },
  ImageVolumeSource: { modelled: 'reference pullPolicy', irrelevant: '', unmodelled: '' },
  ProjectedVolumeSource: {
    modelled: 'sources:VolumeProjection',
    irrelevant: 'defaultMode defaultUser',
    unmodelled: '',
  },
  VolumeProjection: {
    modelled: 'podCertificate:PodCertificateProjection',
    irrelevant: 'secret downwardAPI configMap serviceAccountToken clusterTrustBundle',
    unmodelled: '',
  },
  PodCertificateProjection: {
    modelled: 'keyType',
    irrelevant:
      'signerName maxExpirationSeconds credentialBundlePath keyPath certificateChainPath userAnnotations user',
    unmodelled: '',
  },
  PodSecurityContext: {
    modelled: 'supplementalGroupsPolicy sysctls seccompProfile:SeccompProfile',
    irrelevant:
      'seLinuxOptions windowsOptions runAsUser runAsGroup runAsNonRoot supplementalGroups fsGroup fsGroupChangePolicy ' +
      'appArmorProfile seLinuxChangePolicy',
    unmodelled: '',
  },
  SecurityContext: {
    modelled: 'seccompProfile:SeccompProfile',
    irrelevant:
      'capabilities privileged seLinuxOptions windowsOptions runAsUser runAsGroup runAsNonRoot readOnlyRootFilesystem ' +
      'allowPrivilegeEscalation procMount appArmorProfile',
    unmodelled: '',
  },
  // A profile that is an OCI artifact is pulled like an image.
  SeccompProfile: { modelled: '', irrelevant: 'type localhostProfile', unmodelled: 'oci' },
  PodOS: { modelled: 'name', irrelevant: '', unmodelled: '' },
  Toleration: { modelled: 'key operator value effect tolerationSeconds', irrelevant: '', unmodelled: '' },
  Affinity: {
    modelled: 'nodeAffinity:NodeAffinity podAffinity:PodAffinity podAntiAffinity:PodAntiAffinity',
    irrelevant: '',
    unmodelled: '',
  },
  NodeAffinity: {
    modelled: 'requiredDuringSchedulingIgnoredDuringExecution',
    irrelevant: 'preferredDuringSchedulingIgnoredDuringExecution',
    unmodelled: '',
  },
  PodAffinity: {
    modelled: 'requiredDuringSchedulingIgnoredDuringExecution',
    irrelevant: 'preferredDuringSchedulingIgnoredDuringExecution',
    unmodelled: '',
  },
  PodAntiAffinity: {
    modelled: 'requiredDuringSchedulingIgnoredDuringExecution',
    irrelevant: 'preferredDuringSchedulingIgnoredDuringExecution',
    unmodelled: '',
  },
  TopologySpreadConstraint: {
    modelled: 'topologyKey whenUnsatisfiable',
    // A constraint that filters is unknown whatever these say.
    irrelevant: 'maxSkew labelSelector minDomains nodeAffinityPolicy nodeTaintsPolicy matchLabelKeys',
    unmodelled: '',
  },
}

/** Values with which an unmodelled field asks for nothing. */
export const HARMLESS: Readonly<Record<string, readonly unknown[]>> = {
  recursiveReadOnly: ['Disabled', 'IfPossible'],
}
