import type { ContainerStatus } from 'kubernetes-types/core/v1.js'

/** Why a container does not start from its image now, as the kubelet says. */
export interface StartFailure {
  readonly reason: string
  /** The image is not on the node; otherwise it may be, and does not start all the same. */
  readonly isAbsence: boolean
}

/** The kubelet's words for an image that it had to pull, and could not. */
const ABSENCES: ReadonlySet<string> = new Set([
  'ErrImageNeverPull',
  'ErrImagePull',
  'ImagePullBackOff',
  'RegistryUnavailable',
])

/** Its words, and those of runtimes, for an image that is there or not, and from which nothing starts. */
const FAILED_STARTS: ReadonlySet<string> = new Set([
  'ImageInspectError',
  'SignatureValidationFailed',
  'InvalidImageName',
  'CreateContainerError',
  'RunContainerError',
  'StartError',
  'ContainerCannotRun',
])

/** What the kernel says of a program that was built for another machine. */
const WRONG_PLATFORM = /exec format error/i

/**
 * Why a container does not start now; undefined for one that runs, or that its own program ended. Source: kubernetes
 * 1.37, pkg/kubelet/images and pkg/kubelet/kuberuntime; containerd 2, internal/cri/server.
 */
export function startFailure({ state, lastState }: ContainerStatus): StartFailure | undefined {
  const waiting = state?.waiting?.reason ?? ''
  if (ABSENCES.has(waiting)) return { reason: waiting, isAbsence: true }
  if (FAILED_STARTS.has(waiting)) return { reason: waiting, isAbsence: false }
  if (state?.running) return undefined
  const ended = state?.terminated ?? lastState?.terminated
  if (WRONG_PLATFORM.test(ended?.message ?? '')) {
    return { reason: `${ended?.reason || 'Error'} (exec format error)`, isAbsence: false }
  }
  return FAILED_STARTS.has(ended?.reason ?? '') ? { reason: ended?.reason ?? '', isAbsence: false } : undefined
}
