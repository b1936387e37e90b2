import type { KUBERNETES_WORDS } from './kubernetes-words.ts'
import type { VERDICT_WORDS } from './verdict-words.ts'

/**
 * Sentences of events and messages, and the word that each comes with: what the kubelet and the scheduler say where a
 * line does not hold the word itself. Sources: kubernetes, pkg/kubelet/images, pkg/kubelet/kuberuntime,
 * pkg/kubelet/events, pkg/scheduler/framework/plugins.
 */
export const KUBERNETES_SENTENCES: readonly (readonly [
  said: RegExp,
  word: keyof typeof KUBERNETES_WORDS | keyof typeof VERDICT_WORDS,
])[] = [
  [/is not present with pull policy of never/i, 'ErrImageNeverPull'],
  [/because the registry is unavailable/i, 'RegistryUnavailable'],
  [/because the signature validation failed/i, 'SignatureValidationFailed'],
  [/failed to apply default image tag|couldn't parse image (?:name|reference)/i, 'InvalidImageName'],
  [/failed to inspect image|\binspectfailed\b/i, 'ImageInspectError'],
  [/failed to get sandbox image|failed to create pod sandbox/i, 'FailedCreatePodSandBox'],
  [/failed to pull image|failed to pull and unpack image/i, 'ErrImagePull'],
  [/back-off pulling image/i, 'ImagePullBackOff'],
  [/unable to retrieve some image pull secrets/i, 'FailedToRetrieveImagePullSecret'],
  [/runasnonroot and image/i, 'CreateContainerConfigError'],
  [/no command specified/i, 'CreateContainerError'],
  [/exec format error/i, 'RunContainerError'],
  [/back-off (?:\S+ )?restarting failed container/i, 'CrashLoopBackOff'],
  [/failed to garbage collect required amount of images|wanted to free \d+ bytes/i, 'ImageGCFailed'],
  [/didn't match pod's node affinity/i, 'NodeAffinity'],
  [/had untolerated taint/i, 'TaintToleration'],
  [/\binsufficient (?:cpu|memory|ephemeral-storage|pods)\b/i, 'NodeResourcesFit'],
  [/node\(s\) were unschedulable/i, 'NodeUnschedulable'],
  [/didn't have free ports/i, 'NodePorts'],
  [/exceed max volume count/i, 'NodeVolumeLimits'],
  [/volume node affinity conflict/i, 'VolumeBinding'],
  [/didn't match pod topology spread/i, 'PodTopologySpread'],
  [/didn't (?:match|satisfy existing) pods?(?:'s)? (?:anti-)?affinity rules/i, 'InterPodAffinity'],
]
