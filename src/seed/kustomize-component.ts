import type { Finding } from '../finding.ts'
import { renderYaml } from '../kubernetes/render.ts'
import { nameOfResource, type Resource } from '../kubernetes/resource.ts'
import type { OutputFile } from './output-file.ts'
import type { WorkloadPatch } from './workload-patch.ts'

/** A kustomize component that patches workloads, and what it could not take in. */
export interface Component {
  readonly files: readonly OutputFile[]
  readonly findings: readonly Finding[]
}

/** Kinds whose pod template the API server does not let anyone change later. */
const IMMUTABLE = new Set(['Job', 'Pod'])

/** The directory `workloads/`: one strategic merge patch for each workload that gets a nodeSelector. */
export function kustomizeComponent(patches: readonly WorkloadPatch[]): Component {
  const findings: Finding[] = []
  const files = new Map<string, OutputFile>()
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
    'Sends each workload to the nodes that hold its images. Name this directory under "components:" in the\n' +
    "kustomization that lists the workloads' manifests."
  const kustomization = { path: 'kustomization.yaml', content: renderYaml(comment, [component]) }
  return {
    files: [kustomization, ...files.values()].map((file) => ({ ...file, path: `workloads/${file.path}` })),
    findings,
  }
}

function distinct(patches: readonly WorkloadPatch[]): WorkloadPatch[] {
  const useful = patches.filter(({ nodeSelector }) => Object.keys(nodeSelector).length > 0)
  return [...new Map(useful.map((patch) => [identity(patch.workload.resource), patch])).values()]
}

function identity({ apiVersion, kind, namespace, name }: Resource): string {
  return JSON.stringify([apiVersion, kind, namespace, name])
}

function strategicPatch({ workload: { resource, templatePath }, nodeSelector }: WorkloadPatch): object {
  const { apiVersion, kind, namespace, name } = resource
  const inside = [...templatePath, 'spec'].reduceRight<unknown>((value, key) => ({ [key]: value }), { nodeSelector })
  return { apiVersion, kind, metadata: { name, ...(namespace && { namespace }) }, ...(inside as object) }
}

function commentFor(resource: Resource): string {
  const what = `Sends ${nameOfResource(resource)} to the nodes that hold its images.`
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
  return { code: 'NOT_PATCHABLE', severity: 'warning', message, hint, file, line }
}

function immutable(resource: Resource): Finding {
  const { file, line } = resource.document
  const message = `${nameOfResource(resource)}: its nodeSelector can be set only before it is created`
  const hint = 'Delete the one in the cluster, if there is one, and apply the patched manifest.'
  return { code: 'IMMUTABLE_ONCE_CREATED', severity: 'info', message, hint, file, line }
}
