import { type Finding, finding } from '../../finding.ts'
import type { Document } from '../../kubernetes/documents/document.ts'
import { formatPath, type Path } from '../../kubernetes/documents/path.ts'
import { nameOfResource, type Resource } from '../../kubernetes/objects/resource.ts'
import type { PodPlace } from '../../kubernetes/places/pod-places.ts'
import { listNames } from '../../plural.ts'
import type { PodRefusal } from './pod-edit.ts'

/** A use of an image that a scan of the document found. */
export interface ScannedUse {
  readonly workload: Pick<Resource, 'kind' | 'namespace' | 'name'>
  readonly path: Path
  readonly reference: string
  readonly confidence: string
}

/** Why one part of a workload stays as it is. */
export function refused(place: PodPlace, { code, problem, hint }: PodRefusal): Finding {
  const subject = nameOfPlace(place)
  return finding(code, `${subject}: ${problem}`, { hint, subject, ...positionOf(place) })
}

/** Edits that could not be made, one finding for each workload and reason. */
export function leftAsTheyAre(
  problems: readonly { readonly place: PodPlace; readonly what: string; readonly why: string }[],
): Finding[] {
  const groups = Map.groupBy(problems, ({ place, why }) => `${idOf(place)} ${why}`)
  return [...groups.values()].flatMap((group): Finding[] => {
    const [first] = group
    if (!first) return []
    const subject = nameOfPlace(first.place)
    const parts = listNames(group.map(({ what }) => what))
    const message = `${subject}: ${parts} left as it is: ${first.why}`
    const hint = 'Write it in block style and without aliases there, or write the patches beside it: --output DIR.'
    return [finding('NOT_PATCHABLE', message, { hint, subject, ...positionOf(first.place) })]
  })
}

/** Custom resources that were patched because of their shape. */
export function byShape(edits: readonly { readonly place: PodPlace }[]): Finding[] {
  const places = new Map(edits.flatMap(({ place }) => (isByShape(place) ? [[idOf(place), place] as const] : [])))
  return Array.from(places.values(), (place) => {
    const { resource, podPath } = place
    const message = `${nameOfPlace(place)}: patched at ${formatPath(podPath)}, which has the shape of a pod`
    const hint = isKnative(resource)
      ? 'Knative takes a nodeSelector only with kubernetes.podspec-nodeselector: enabled in config-features.'
      : `See that its definition has these fields: kubectl explain ${resource.kind}.${podPath.filter((key) => typeof key === 'string').join('.')}`
    return finding('PATCHED_BY_SHAPE', message, { hint, ...positionOf(place) })
  })
}

function isByShape({ kind }: PodPlace): boolean {
  return kind === 'template' || kind === 'containers'
}

function isKnative({ apiVersion }: Resource): boolean {
  return apiVersion.startsWith('serving.knative.dev/')
}

/** Resources that name images of which nobody here makes pods. */
export function outOfReach(document: Document, uses: readonly ScannedUse[], places: readonly PodPlace[]): Finding[] {
  const builtIn = new Set(
    places.filter(({ kind }) => kind === 'builtIn').map(({ resource }) => nameOfResource(resource)),
  )
  const reached = new Set(places.flatMap((place) => place.images.map(({ path }) => useOf(place, path))))
  const others = new Map<string, ScannedUse[]>()
  for (const use of uses) {
    const name = nameOfResource(use.workload)
    if (use.confidence === 'possible' || builtIn.has(name)) continue
    if (reached.has(`${name} ${JSON.stringify(use.path)}`)) continue
    others.set(name, others.get(name) ?? [])
    others.get(name)?.push(use)
  }
  return Array.from(others, ([subject, ofIt]) => {
    const images = listNames([...new Set(ofIt.map(({ reference }) => reference))])
    if (ofIt.some(({ workload }) => workload.kind === '')) return withoutKind(document, images)
    const message = `${subject}: names ${images} outside of any pod that could be patched: left as it is`
    const hint = "Set nodeSelector and pull policy in the operator's own fields, if it has any."
    return finding('NOT_PATCHABLE', message, { hint, subject, file: document.file, line: document.lineOf([]) })
  })
}

/** Something else makes a resource of it: a patch, values. */
function withoutKind({ file, lineOf }: Document, images: string): Finding {
  const message = `names no kind, so nobody knows what is made of it: ${images} left as it is`
  const hint = 'Patch what is made of it: the kustomization or chart that takes it in, or the rendered manifests.'
  return finding('NOT_PATCHABLE', message, { hint, file, line: lineOf([]) })
}

function useOf({ resource, podPath }: PodPlace, path: Path): string {
  return `${nameOfResource(resource)} ${JSON.stringify([...podPath, ...path])}`
}

function nameOfPlace({ resource, kind, podPath }: PodPlace): string {
  return kind === 'containers' ? `${nameOfResource(resource)} (${formatPath(podPath)})` : nameOfResource(resource)
}

function idOf({ resource, podPath }: PodPlace): string {
  return JSON.stringify([resource.path, podPath])
}

/** Where the resource's content begins, below its mark and its comments. */
function positionOf({ resource: { document, path } }: PodPlace): { file: string; line: number } {
  return { file: document.file, line: document.lineOf(path) }
}
