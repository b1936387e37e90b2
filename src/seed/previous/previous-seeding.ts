import { type Finding, finding } from '../../finding.ts'
import { readAllDocuments } from '../../kubernetes/documents/document.ts'
import { renderYaml } from '../../kubernetes/documents/render.ts'
import { nameOfResource, type Resource, resourcesOf } from '../../kubernetes/objects/resource.ts'
import { countOf, listNames } from '../../plural.ts'
import type { GeneratedFile } from '../files/generated-file.ts'
import { PINNED_IMAGES_FILE } from '../nodes/openshift.ts'
import { BUNDLE_DIRECTORY } from '../output/pod-volumes.ts'

/** What a seeding decided, as far as the next one has to know it. */
interface Decided {
  readonly sets: readonly { readonly label: string; readonly images: readonly string[] }[]
  readonly workloads: readonly {
    readonly kind: string
    readonly namespace?: string | undefined
    readonly name: string
    readonly nodeSelector?: Readonly<Record<string, string>>
  }[]
}

/** An earlier seeding, and what it wrote. */
export interface PreviousSeeding extends Decided {
  /** Where its pods read the bundle, unless they pull. */
  readonly bundlePath?: string | undefined
  /** Of `seeding/` and `guard/`, OpenShift's PinnedImageSets, and the objects that it listed itself as not written any more. */
  readonly files: readonly GeneratedFile[]
}

/** What is not in a kustomization is applied by hand, or not at all; a namespace may hold more than we wrote. */
const NOT_OBSOLETE = new Set([
  'Namespace',
  'Kustomization',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionPolicyBinding',
])

export const OBSOLETE_FILE = 'obsolete.yaml'

const UNPINNED =
  '\nImages that only a PinnedImageSet in it keeps may be collected afterwards: pods that start with them pull again.'

/** The objects that were written earlier and are not now: `obsolete.yaml`, for `kubectl delete -f`; none where nothing is. */
export function obsoleteFiles(previous: PreviousSeeding, files: readonly GeneratedFile[]): GeneratedFile[] {
  const objects = obsoleteObjects(previous, files)
  if (objects.length === 0) return []
  const comment =
    'What the last seeding wrote and this one does not: kubectl delete --ignore-not-found -f on this file,\n' +
    'once labels.sh has run. It takes no image and no label from any node.'
  const unpinned = objects.some(({ kind }) => kind === 'PinnedImageSet') ? UNPINNED : ''
  const identities = objects.map(({ apiVersion, kind, namespace, name }) => ({
    ...{ apiVersion, kind },
    metadata: { name, ...(namespace !== undefined && { namespace }) },
  }))
  return [{ path: OBSOLETE_FILE, content: renderYaml(comment + unpinned, identities) }]
}

/** What stays of the last seeding until somebody takes it away, and the command that does. */
export function previousFindings(
  previous: PreviousSeeding,
  { sets, workloads }: Decided,
  files: readonly GeneratedFile[],
): Finding[] {
  const objects = obsoleteObjects(previous, files).map(nameOfResource)
  const prefixes = new Set(sets.map(({ label }) => prefixOf(label)))
  const labels = previous.sets.map(({ label }) => label).filter((label) => !prefixes.has(prefixOf(label)))
  const placed = new Set(workloads.filter(selectsNodes).map((one) => nameOfResource(named(one))))
  const unplaced = previous.workloads.filter((one) => selectsNodes(one) && !placed.has(nameOfResource(named(one))))
  return [
    ...(objects.length > 0
      ? [
          finding(
            'LEFT_FROM_BEFORE',
            `${countOf(objects.length, 'object')} of the last seeding ${objects.length === 1 ? 'is' : 'are'} not written any more: ${listNames(objects)}`,
            {
              hint: `Once labels.sh has run: kubectl delete --ignore-not-found -f ${OBSOLETE_FILE}`,
            },
          ),
        ]
      : []),
    ...(labels.length > 0
      ? [
          finding(
            'LEFT_FROM_BEFORE',
            `labels of another name or domain stay on the nodes, and label --prune does not know them: ${listNames(labels)}`,
            {
              hint: `Once nothing selects nodes by them: kubectl label nodes --all ${labels.map((label) => `${label}-`).join(' ')}`,
            },
          ),
        ]
      : []),
    ...unplaced.map((workload) =>
      finding(
        'LEFT_FROM_BEFORE',
        `${nameOfResource(named(workload))} got a nodeSelector by the last seeding and gets none now: as long as it runs so, it selects ${Object.keys(workload.nodeSelector ?? {}).join(', ')}`,
        {
          hint: 'Apply it anew, or delete it; label --prune leaves the label until then.',
          subject: nameOfResource(named(workload)),
        },
      ),
    ),
  ]
}

/** Whether the pods of another set read the file that is to be overwritten. */
export function replacedBundle(
  previous: PreviousSeeding,
  seeding: Pick<Decided, 'sets'> & { readonly bundlePath: string },
): Finding[] {
  const { bundlePath, files } = previous
  const isRead = files.some(({ content }) => content.includes(`${BUNDLE_DIRECTORY}/`))
  if (bundlePath !== seeding.bundlePath || !isRead || !isAnother(previous, seeding)) return []
  const message = `${bundlePath} is what the pods of the last seeding read: this bundle would take its place`
  return [
    finding('BUNDLE_REPLACED', message, {
      hint: 'Give it a name of its own, or another --bundle-path: see next-month.md.',
    }),
  ]
}

/** Whether pods of another seeding must be able to start until the end. */
export function isAnother(previous: PreviousSeeding | undefined, { sets }: Pick<Decided, 'sets'>): boolean {
  const labels = new Set(sets.map(({ label }) => label))
  return previous?.sets.some(({ label }) => !labels.has(label)) ?? false
}

/** By kind, namespace and name: another version of the API is the same object. */
function obsoleteObjects(previous: PreviousSeeding, files: readonly GeneratedFile[]): Resource[] {
  const written = new Set(objectsIn(files).map(identity))
  return objectsIn(previous.files).filter((one) => !NOT_OBSOLETE.has(one.kind) && !written.has(identity(one)))
}

/** Whether a file that `seed` wrote holds objects that stay in the cluster until somebody deletes them. Mirror sets are every set's. */
export function isWithObjects(path: string): boolean {
  return path === PINNED_IMAGES_FILE || /^(?:(?:seeding|guard)\/[^/]*|obsolete)\.yaml$/.test(path)
}

function objectsIn(files: readonly GeneratedFile[]): Resource[] {
  return files
    .filter(({ path }) => isWithObjects(path))
    .flatMap(({ path, content }) => readAllDocuments(content, path).flatMap(resourcesOf))
}

function identity({ kind, namespace, name }: Resource): string {
  return JSON.stringify([kind, namespace ?? '', name])
}

function prefixOf(label: string): string {
  return label.slice(0, label.indexOf('/') + 1)
}

function selectsNodes({ nodeSelector }: Decided['workloads'][number]): boolean {
  return Object.keys(nodeSelector ?? {}).length > 0
}

function named({ kind, namespace, name }: Decided['workloads'][number]) {
  return { kind, namespace, name }
}
