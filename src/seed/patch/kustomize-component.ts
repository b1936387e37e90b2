import { type Finding, finding } from '../../finding.ts'
import type { Path } from '../../kubernetes/documents/path.ts'
import { valueAt } from '../../kubernetes/documents/path.ts'
import { renderYaml } from '../../kubernetes/documents/render.ts'
import { isObject, nameOfResource, type Resource } from '../../kubernetes/objects/resource.ts'
import type { Workload } from '../../kubernetes/objects/workload.ts'
import type { GeneratedFile } from '../files/generated-file.ts'
import type { PodEdit } from './pod-edit.ts'

/** A workload, and the texts to be set in it. */
export interface EditedWorkload {
  readonly workload: Workload
  readonly edits: readonly PodEdit[]
}

/** A kustomize component that patches workloads, and what it could not take in. */
export interface Component {
  readonly files: readonly GeneratedFile[]
  readonly findings: readonly Finding[]
}

/** Kinds whose pod template the API server does not let anyone change later. */
const IMMUTABLE = new Set(['Job', 'Pod'])

/** A kustomize component: one strategic merge patch for each workload that has edits. */
export function kustomizeComponent(patches: readonly EditedWorkload[]): Component {
  const findings: Finding[] = []
  const files = new Map<string, GeneratedFile>()
  for (const patch of distinct(patches)) {
    const { resource } = patch.workload
    if (resource.name === '' || resource.name.endsWith('*')) {
      findings.push(unnamed(resource))
      continue
    }
    const path = freePath(files, resource)
    files.set(path, { path, content: renderYaml(commentFor(resource), [strategicPatch(patch)]) })
    if (IMMUTABLE.has(resource.kind)) findings.push(immutable(resource))
  }
  const component = {
    apiVersion: 'kustomize.config.k8s.io/v1alpha1',
    kind: 'Component',
    patches: [...files.keys()].map((path) => ({ path })),
  }
  const comment =
    'Lets each workload start where its images are. Name this directory under "components:" in the\n' +
    "kustomization that lists the workloads' manifests."
  const kustomization = { path: 'kustomization.yaml', content: renderYaml(comment, [component]) }
  return { files: [kustomization, ...files.values()], findings }
}

function distinct(patches: readonly EditedWorkload[]): EditedWorkload[] {
  const useful = patches.filter(({ edits }) => edits.length > 0)
  return [...new Map(useful.map((patch) => [identity(patch.workload.resource), patch])).values()]
}

function identity({ apiVersion, kind, namespace, name }: Resource): string {
  return JSON.stringify([apiVersion, kind, namespace, name])
}

function strategicPatch({ workload: { resource, templatePath, podSpec }, edits }: EditedWorkload): object {
  const { apiVersion, kind, namespace, name } = resource
  const specPath = [...templatePath, 'spec']
  const spec = edits.reduce(
    (sum, edit) => merge(sum, strategic(podSpec, edit.path.slice(specPath.length), edit.value)),
    {},
  )
  const inside = specPath.reduceRight<object>((value, key) => ({ [key]: value }), spec)
  return { apiVersion, kind, metadata: { name, ...(namespace && { namespace }) }, ...inside }
}

/** A value at a path of a pod spec, as a strategic merge patch: list entries are named, not counted. */
function strategic(owner: unknown, [key = '', ...rest]: Path, value: string): Record<string, unknown> {
  if (rest.length === 0) return { [key]: value }
  const [index, ...inside] = rest
  const next = valueAt(owner, [key])
  if (typeof index !== 'number') return { [key]: strategic(next, rest, value) }
  const entry = valueAt(next, [index])
  return { [key]: [{ name: valueAt(entry, ['name']), ...strategic(entry, inside, value) }] }
}

function merge(a: Record<string, unknown>, b: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...a }
  for (const [key, value] of Object.entries(b)) {
    const known = merged[key]
    if (Array.isArray(known) && Array.isArray(value)) merged[key] = mergeNamed(known, value)
    else merged[key] = isObject(known) && isObject(value) ? merge(known, value) : value
  }
  return merged
}

function mergeNamed(known: Record<string, unknown>[], added: Record<string, unknown>[]): Record<string, unknown>[] {
  const byName = new Map(known.map((entry) => [entry.name, entry]))
  for (const entry of added) byName.set(entry.name, merge(byName.get(entry.name) ?? {}, entry))
  return [...byName.values()]
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

function unnamed(resource: Resource): Finding {
  const { file, line } = resource.document
  const message = `${nameOfResource(resource)}: has no fixed name, so kustomize cannot patch it`
  const hint = 'Give it metadata.name, or add the nodeSelector by hand.'
  return finding('NOT_PATCHABLE', message, { hint, file, line })
}

function immutable(resource: Resource): Finding {
  const { file, line } = resource.document
  const message = `${nameOfResource(resource)}: its nodeSelector can be set only before it is created`
  const hint = 'Delete the one in the cluster, if there is one, and apply the patched manifest.'
  return finding('IMMUTABLE_ONCE_CREATED', message, { hint, file, line })
}
