import { type Finding, finding } from '../../finding.ts'
import { renderYaml } from '../../kubernetes/documents/render.ts'
import { isObject, nameOfResource, type Resource } from '../../kubernetes/objects/resource.ts'
import type { GeneratedFile } from '../files/generated-file.ts'
import { isHook } from './helm-post-renderer.ts'
import { type EditedPlace, type PatchBody, patchBodies } from './patch-bodies.ts'
import { type Rendering, targetOf } from './patch-target.ts'

/** A kustomize component that patches workloads, and what it could not take in. */
export interface Component {
  readonly files: readonly GeneratedFile[]
  readonly findings: readonly Finding[]
}

/** All that is to be set in one resource. */
interface PatchedResource {
  readonly resource: Resource
  readonly bodies: readonly PatchBody[]
}

/** Kinds whose pod template the API server does not let anyone change later. */
const IMMUTABLE = new Set(['Job', 'Pod'])

const COMMENT = `Lets each workload start where its images are. Name this directory under "components:" of the
kustomization that lists the workloads, or of one above it, as the last: what a later component adds is not patched.
A workload that is not there is passed over: see that each has its nodeSelector with nodeseed audit.`

/**
 * A kustomize component: patches of each workload that has edits; the others tell which names are ambiguous. They are
 * for workloads by kind and name, so that it may stand where only some of the workloads are, and above or below what
 * gives names a prefix or a namespace.
 */
export function kustomizeComponent(
  places: readonly EditedPlace[],
  renderingOf: (file: string) => Rendering = () => 'none',
): Component {
  const findings: Finding[] = []
  const files = new Map<string, GeneratedFile>()
  const patches: object[] = []
  const { resources, problems } = patchedResources(places)
  findings.push(...problems)
  const namespaces = new Map<string, Set<string | undefined>>()
  for (const { place } of places) {
    const id = nameId({ ...place.resource, name: ownName(place.resource.value) })
    namespaces.set(id, (namespaces.get(id) ?? new Set()).add(place.resource.namespace))
  }
  for (const { resource, bodies } of resources) {
    const isAlone = namespaces.get(nameId(resource))?.size === 1
    const rendering = renderingOf(resource.document.file)
    for (const body of bodies) {
      const path = freePath(files, resource)
      files.set(path, { path, content: renderYaml(commentFor(resource), [body.content]) })
      const isNeeded = body.form === 'operations' || isHook(resource.value)
      const target = targetOf(resource, rendering, { isAlone, isNeeded })
      patches.push({ path, ...(target && { target }) })
    }
    if (IMMUTABLE.has(resource.kind)) findings.push(immutable(resource))
  }
  const component = { apiVersion: 'kustomize.config.k8s.io/v1alpha1', kind: 'Component', patches }
  const kustomization = { path: 'kustomization.yaml', content: renderYaml(COMMENT, [component]) }
  return { files: [kustomization, ...files.values()], findings }
}

/** One entry for each resource; what kustomize could not find again is a finding. */
function patchedResources(places: readonly EditedPlace[]): { resources: PatchedResource[]; problems: Finding[] } {
  const problems: Finding[] = []
  const useful = places.filter(({ edits }) => edits.length > 0)
  const byResource = Map.groupBy(useful, ({ place }) => place.resource.value)
  const resources = new Map<string, PatchedResource>()
  for (const [value, parts] of byResource) {
    const [first] = parts
    if (!first) continue
    const resource = { ...first.place.resource, name: ownName(value) }
    if (resource.name === '') {
      problems.push(notPatchable(first.place.resource, 'has no fixed name, so kustomize cannot patch it'))
      continue
    }
    const { bodies, refused } = patchBodies(resource, parts)
    for (const what of refused) problems.push(notPatchable(resource, `${what} left as it is: nothing names its entry`))
    const id = JSON.stringify([nameId(resource), resource.namespace])
    const known = resources.get(id)
    if (known && JSON.stringify(known.bodies) !== JSON.stringify(bodies)) {
      problems.push(
        notPatchable(resource, 'is there several times with other images, and kustomize takes them for one'),
      )
    }
    if (!known && bodies.length > 0) resources.set(id, { resource, bodies })
  }
  return { resources: [...resources.values()], problems }
}

function ownName({ metadata }: Readonly<Record<string, unknown>>): string {
  return isObject(metadata) && typeof metadata.name === 'string' ? metadata.name : ''
}

function nameId({ apiVersion, kind, name }: Resource): string {
  return JSON.stringify([apiVersion, kind, name])
}

function commentFor(resource: Resource): string {
  const what = `Lets ${nameOfResource(resource)} start where its images are.`
  return IMMUTABLE.has(resource.kind) ? `${what} A ${resource.kind} takes this only before it is created.` : what
}

/** Names come from manifests: only letters, digits, dots and dashes of them go into a path. */
function freePath(taken: ReadonlyMap<string, unknown>, { kind, namespace, name }: Resource): string {
  const words = [kind, namespace, name].filter((word) => word !== undefined)
  const base = words
    .join('-')
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    .slice(0, 200)
  for (let count = 1; ; count++) {
    const path = count === 1 ? `${base}.yaml` : `${base}-${count}.yaml`
    if (!taken.has(path)) return path
  }
}

function notPatchable(resource: Resource, problem: string): Finding {
  const { file, line } = resource.document
  const subject = nameOfResource(resource)
  const hint = 'Give it, and each of its containers, a name of its own; or patch the file itself: --in-place.'
  return finding('NOT_PATCHABLE', `${subject}: ${problem}`, { hint, subject, file, line })
}

function immutable(resource: Resource): Finding {
  const { file, line } = resource.document
  const message = `${nameOfResource(resource)}: its nodeSelector can be set only before it is created`
  const hint = 'Delete the one in the cluster, if there is one, and apply the patched manifest.'
  return finding('IMMUTABLE_ONCE_CREATED', message, { hint, file, line })
}
