import type { Container, PodSpec } from 'kubernetes-types/core/v1.js'
import type { LockedImage } from '../../bundle/format/lock.ts'
import { type AdmissionFacts, admittedPod } from '../../kubernetes/admission/admitted-pod.ts'
import { valueAt } from '../../kubernetes/documents/path.ts'
import { asksImageUser } from '../../kubernetes/kubelet/containers/image-user.ts'
import { hostFileHazards } from '../../kubernetes/kubelet/host-files.ts'
import { asksOfNode } from '../../kubernetes/kubelet/node-support.ts'
import { type Aligned, alignedIn } from '../../kubernetes/kubelet/resource-alignment.ts'
import { type PodImage, podImages } from '../../kubernetes/objects/pod-images.ts'
import { nameOfResource } from '../../kubernetes/objects/resource.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import { placementDoubts } from '../../kubernetes/placement/placement.ts'
import type { Labels } from '../../kubernetes/pods/label-selector.ts'
import { mountedVolumes } from '../../kubernetes/pods/mounted-volumes.ts'
import type { Doubt } from '../../kubernetes/pods/refusal.ts'
import { fieldDoubts } from '../../kubernetes/pods/unmodelled-fields.ts'
import { type RepellingTerm, type RepellingTerms, repels } from '../../kubernetes/scheduler/anti-affinity.ts'
import { type SchedulablePod, schedulablePod } from '../../kubernetes/scheduler/schedulable-pod.ts'
import { type CompanyIndex, type Separation, separationOf } from '../../kubernetes/scheduler/separation.ts'
import { podClaims, resourceClaimDoubts } from '../../kubernetes/storage/pod-claims.ts'
import { type StorageFacts, storageFacts } from '../../kubernetes/storage/storage-facts.ts'
import { validateWorkload } from '../../kubernetes/validation/validate-workload.ts'
import { nameOnNode } from '../facts/images/image-lookup.ts'
import { workloadKey } from '../facts/live/live-pods.ts'
import type { MutationFacts } from '../facts/mutation-facts.ts'
import type { RefusalFacts } from '../facts/refusals/refusal-facts.ts'
import { admissionDoubts } from './admission-doubts.ts'
import { triggerDoubts } from './image-triggers.ts'
import { type NamespaceFacts, namespaceDoubts } from './namespace-doubts.ts'
import { managerDoubts, nameDoubts, placingDoubts } from './placing-doubts.ts'
import { mutationDoubts } from './pod-mutations.ts'
import { podRejection, refusalDoubts } from './pod-refusals.ts'
import { priorityClassOf } from './quota-doubts.ts'

/** A pod with the images it needs. */
export interface AuditedPod {
  readonly pod: SchedulablePod
  readonly images: readonly AuditedImage[]
  /** Its pods run already. The room that they take is their own, so that live pods are left out of the question. */
  readonly isRunning: boolean
  /** What may keep it from every node. */
  readonly doubts: readonly Doubt[]
  /** What may be in its way, and is not so sure as to doubt it. */
  readonly hazards: readonly Doubt[]
  /** It asks something of the kubelet and the runtime that not all have. */
  readonly isDemanding: boolean
  /** What of it a kubelet aligns where it is told to. */
  readonly aligned: Aligned
  /** The anti-affinity of live pods that is about it, and whether that is certain. */
  readonly repelledBy: readonly { readonly term: RepellingTerm; readonly isCertain: boolean }[]
  /** What its own anti-affinity asks; undefined where it has none, or nobody can tell. */
  readonly separation: Separation | undefined
  /** Its own name among the claims of host ports, where it has one. */
  readonly holder: string | undefined
}

export interface AuditedImage extends PodImage {
  /** The CRI form; undefined when the reference does not parse. */
  readonly name: string | undefined
  readonly locked: LockedImage | undefined
  /** Its container starts only if the image names a user that is certainly not root. */
  readonly asksUser: boolean
}

/** What decides about a pod before any node is asked. */
export interface PodFacts
  extends AdmissionFacts,
    MutationFacts,
    RefusalFacts,
    Pick<NamespaceFacts, 'namespaceObjects' | 'demand'> {
  /** The images of the bundle under each of their names. */
  readonly locked: ReadonlyMap<string, LockedImage>
  /** The workloads that have live pods, by `workloadKey`. */
  readonly running: ReadonlySet<string>
  readonly terms: RepellingTerms
  readonly company: CompanyIndex
  readonly livePods?: readonly unknown[]
  readonly storage?: StorageFacts
}

const NO_STORAGE = storageFacts([])

/** The pod that admission makes of a workload's template, and what its images are called on nodes and in the bundle. */
export function auditedPod(workload: Workload, facts: PodFacts): AuditedPod {
  const admitted = admittedPod(workload, facts)
  const { storage = NO_STORAGE, completeKinds = new Set() } = facts
  const { spec } = admitted
  const { rejection = admitted.rejection ?? podRejection(workload, facts), doubt } = validateWorkload(workload)
  const { namespace } = admitted
  // What a cluster has stored, and what runs in it, was let in.
  const isTaken = typeof workload.template.metadata?.uid === 'string'
  const about = isTaken
    ? { doubts: [], hazards: [] }
    : namespaceDoubts(
        {
          ...{ spec, namespace, replicas: workload.most ?? workload.replicas, resource: workload.resource },
          priorityClass: priorityClassOf(spec, facts),
          annotations: workload.template.metadata?.annotations,
        },
        facts,
      )
  const doubts = [
    ...admissionDoubts(spec, doubt),
    ...mutationDoubts(workload, facts),
    ...refusalDoubts(workload, facts),
    ...triggerDoubts(workload.resource),
    ...managerDoubts(workload.resource),
    ...nameDoubts(workload.resource),
    ...(isTaken ? [] : placingDoubts(spec, namespace, facts.namespaceAnnotations?.get(namespace))),
    ...admitted.doubts,
    ...fieldDoubts(spec),
    ...resourceClaimDoubts(spec),
    ...about.doubts,
  ]
  const claims = podClaims(workload, storage, completeKinds, facts.limitRanges)
  const pod = schedulablePod({ ...admitted, rejection, doubts }, claims)
  const images = startedImages(workload.podSpec).map((image): AuditedImage => {
    const name = nameOnNode(image.reference)
    const locked = name === undefined ? undefined : facts.locked.get(name)
    return { ...image, name, locked, asksUser: leavesUser(image, workload.podSpec) }
  })
  const isRunning = facts.running.has(workloadKey(workload.resource))
  const repelledBy = isRunning ? [] : repellingFor(pod, facts)
  const separation = separationFor(workload, pod, facts)
  return {
    pod,
    images,
    isRunning,
    doubts: placementDoubts(pod, separation !== undefined),
    hazards: [...about.hazards, ...(isTaken ? [] : hostFileHazards(workload.podSpec))],
    isDemanding: asksOfNode(pod),
    aligned: alignedIn(pod.spec),
    repelledBy,
    separation,
    holder: holdsPorts(pod) ? nameOfResource(workload.resource) : undefined,
  }
}

/** Whether it depends on the image, as whom a container that must not be root runs. */
export function leavesUser({ path }: PodImage, spec: PodSpec): boolean {
  return path[0] !== 'volumes' && asksImageUser(valueAt(spec, path.slice(0, -1)) as Partial<Container>, spec)
}

/** The images that something of the pod starts or mounts: a volume that no container mounts holds nothing back. */
function startedImages(spec: PodSpec): PodImage[] {
  const mounted = mountedVolumes(spec)
  return podImages(spec).filter(({ path, container }) => path[0] !== 'volumes' || mounted.has(container))
}

function repellingFor(pod: SchedulablePod, { terms, namespaces = new Map() }: PodFacts): AuditedPod['repelledBy'] {
  return terms.candidates(pod).flatMap((term) => {
    const answer = repels(term, pod, namespaces)
    return answer === false ? [] : [{ term, isCertain: answer === true }]
  })
}

function separationFor(workload: Workload, pod: SchedulablePod, facts: PodFacts): Separation | undefined {
  const { company, livePods, namespaces = new Map() } = facts
  if (!pod.spec.affinity?.podAntiAffinity) return undefined
  const selected = valueAt(workload.resource.value, ['spec', 'selector', 'matchLabels']) as Labels | undefined
  const asking = { ...pod, holder: workloadKey(workload.resource), selected }
  return separationOf(asking, company, livePods !== undefined, namespaces)
}

/** Whether it is sure on which nodes a pod takes host ports: where its DaemonSet or its nodeName puts it. */
function holdsPorts({ isDaemonSetPod, spec, hostPorts }: SchedulablePod): boolean {
  return hostPorts.length > 0 && (isDaemonSetPod || Boolean(spec.nodeName))
}
