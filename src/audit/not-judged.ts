import type { Pod } from 'kubernetes-types/core/v1.js'
import { generatedKinds } from '../kubernetes/admission/policies/generating-policies.ts'
import { podImages } from '../kubernetes/objects/pod-images.ts'
import { lineOfResource, type Resource } from '../kubernetes/objects/resource.ts'
import { templatePathOf, type Workload, workloadOf } from '../kubernetes/objects/workload.ts'
import { listNames } from '../plural.ts'
import { nodeOfRunning, ownerKey, workloadKey } from './facts/live/live-pods.ts'
import { ownerOf } from './named/judged-places.ts'
import type { ScannedImage } from './named/scanned-image.ts'

/** What will have pods that the audit cannot judge: it knows images of them, and not where they go. */
export interface NotJudged {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace: string | undefined
  readonly name: string
  /** As they are named, each once. */
  readonly images: readonly string[]
  readonly why: string
  readonly file: string
  readonly line: number
}

/** API groups of Kubernetes itself, and of files that are no objects of a cluster. */
const OWN_GROUPS =
  /^(?:|apps|batch|extensions|policy|autoscaling|(?:admissionregistration|apiextensions|apiregistration|audit|authentication|authorization|certificates|coordination|discovery|events|(?:flowcontrol|internal)\.apiserver|(?:kubelet|kustomize)\.config|networking|node|rbac\.authorization|resource|scheduling|storage|storagemigration)\.k8s\.io)$/

/** Kinds of WebAssembly that a proxy or a policy server fetches for itself. */
const FETCHED = /^(?:WasmPlugin|EnvoyExtensionPolicy|(?:Cluster)?AdmissionPolicy(?:Group)?)$/

/** The custom resources that name images outside of the pod templates that are judged. */
export function customNotJudged(images: readonly ScannedImage[], workloads: readonly Workload[]): NotJudged[] {
  const judged = Map.groupBy(workloads, (workload) => placeOf(workload.resource.document.file, ownerOf(workload)))
  const found = new Map<string, NotJudged & { images: string[] }>()
  for (const image of images) {
    const { file, line, reference, workload } = image
    if (image.confidence === 'possible') continue
    if (OWN_GROUPS.test(groupOf(workload.apiVersion))) continue
    if (judged.get(placeOf(file, workload))?.some((one) => isWithin(image, one))) continue
    const key = JSON.stringify([file, workload])
    const known = found.get(key) ?? {
      ...workload,
      images: [],
      why: FETCHED.test(workload.kind)
        ? 'no node pulls what it names, but what serves it'
        : 'an operator makes its pods',
      file,
      line,
    }
    found.set(key, known)
    if (!known.images.includes(reference)) known.images.push(reference)
  }
  return [...found.values()]
}

/** The paused Deployments of which pods run that are of another template than the one that is judged. */
export function pausedNotJudged(workloads: readonly Workload[], pods: readonly Pod[]): NotJudged[] {
  const paused = workloads.filter(isPaused)
  if (paused.length === 0) return []
  const running = Map.groupBy(
    pods.filter((pod) => nodeOfRunning(pod)),
    ownerKey,
  )
  return paused.flatMap(({ resource, podSpec }): NotJudged[] => {
    const wanted = new Set(podImages(podSpec).map(({ reference }) => reference))
    const live = (running.get(workloadKey(resource)) ?? []).flatMap(({ spec }) => podImages(spec))
    const images = [...new Set(live.map(({ reference }) => reference))].filter((reference) => !wanted.has(reference))
    const { apiVersion, kind, namespace, name, document } = resource
    const place = { file: document.file, line: lineOfResource(resource) }
    const why = 'it is paused, and pods of an earlier template run'
    return images.length > 0 ? [{ apiVersion, kind, namespace, name, images, why, ...place }] : []
  })
}

/** Of the kinds that have pods, those that say nothing of theirs: the API server rejects them, or they change others. */
export function templateless(resources: readonly Resource[]): NotJudged[] {
  const found = resources.filter((resource) => templatePathOf(resource) && !workloadOf(resource))
  return found.map((resource) => {
    const { apiVersion, kind, namespace, name, document } = resource
    const place = { file: document.file, line: lineOfResource(resource) }
    return { apiVersion, kind, namespace, name, images: [], why: 'it has no pod template', ...place }
  })
}

/** The policies that make workloads, or what decides about pods, when something happens. */
export function generatedNotJudged(resources: readonly Resource[]): NotJudged[] {
  return resources.flatMap((resource): NotJudged[] => {
    const kinds = generatedKinds(resource)
    if (kinds.length === 0) return []
    const { apiVersion, kind, namespace, name, document } = resource
    const place = { file: document.file, line: lineOfResource(resource) }
    const made = kinds.some((one) => /[*{]/.test(one)) ? 'objects, of kinds that nobody can tell' : kinds.join(', ')
    return [{ apiVersion, kind, namespace, name, images: [], why: `it makes ${made} that no input names`, ...place }]
  })
}

/** Why something is not judged, and what is known of its images. */
export function sayNotJudged({ why, images }: Pick<NotJudged, 'why' | 'images'>): string {
  return images.length > 0 ? `${why}: ${listNames(images)}` : why
}

export function isPaused({ resource }: Workload): boolean {
  return resource.kind === 'Deployment' && (resource.value.spec as { paused?: unknown } | undefined)?.paused === true
}

/** Whether an image stands in the template of a workload of its resource. */
function isWithin({ path }: ScannedImage, { templatePath }: Workload): boolean {
  return templatePath.every((key, index) => path[index] === key)
}

function placeOf(file: string, { kind, namespace, name }: ScannedImage['workload']): string {
  return JSON.stringify([file, kind, namespace, name])
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
}
