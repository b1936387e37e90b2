import type { Interfaces } from '@oclif/core'
import type { Conditions } from '../../audit/facts/conditions.ts'
import { parseRuntimeListing } from '../../audit/facts/images/runtime-listing.ts'
import { readRefusalFacts } from '../../audit/facts/refusals/read-refusal-facts.ts'
import { scaleRanges } from '../../audit/scaling.ts'
import type { Lock } from '../../bundle/format/lock.ts'
import { limitRangeOf } from '../../kubernetes/admission/limit-range.ts'
import { mutatorsOf } from '../../kubernetes/admission/mutators.ts'
import { namespaceObjects } from '../../kubernetes/admission/namespace-objects.ts'
import { valueAt } from '../../kubernetes/documents/path.ts'
import { priorityClassOf } from '../../kubernetes/objects/priority-class.ts'
import type { Resource } from '../../kubernetes/objects/resource.ts'
import { runtimeClassOf } from '../../kubernetes/objects/runtime-class.ts'
import { mirrorSourcesOf } from '../../kubernetes/openshift/mirror-sources.ts'
import { pinnedImagesOf } from '../../kubernetes/openshift/pinned-images.ts'
import type { Labels } from '../../kubernetes/pods/label-selector.ts'
import { storageFacts } from '../../kubernetes/storage/storage-facts.ts'
import { criForm, parseReference } from '../../oci/reference.ts'
import type { conditionFlags, sourceFlags } from '../flags/audit-flags.ts'
import { readKubeletConfig, readNodeListings } from './audit-files.ts'
import { readPlaced } from './audit-placement.ts'
import type { AuditSources } from './audit-sources.ts'

type ConditionFlags = Interfaces.InferredFlags<typeof sourceFlags> & Interfaces.InferredFlags<typeof conditionFlags>

/**
 * What an audit is told of the cluster by flags, and by the classes among the inputs.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, INPUT_INVALID, REFERENCE_INVALID
 */
export async function readConditions(
  flags: ConditionFlags,
  { scan: { resources }, nodes }: Pick<AuditSources, 'scan' | 'nodes'>,
  lock: Lock | undefined,
): Promise<Conditions> {
  const listings = await readNodeListings(flags.images, new Set(nodes.map(({ metadata }) => metadata?.name ?? '')))
  const runtimeListings = Map.groupBy(listings, ({ node }) => node)
  const classes = resources.flatMap((resource) => runtimeClassOf(resource) ?? [])
  return {
    ...(lock && { lock }),
    ...(flags.placement !== undefined && (await readPlaced(flags.placement, { ...flags, lock }))),
    ...(flags['sandbox-image'] && { sandboxImage: criForm(parseReference(flags['sandbox-image'])) }),
    ...(flags['kubelet-config'] !== undefined && { kubelet: await readKubeletConfig(flags['kubelet-config']) }),
    assumeSeeded: flags['assume-seeded'],
    hasMirror: flags.mirror,
    runtimeClasses: new Map(classes.map((one) => [one.name, one])),
    priorityClasses: resources.flatMap((resource) => priorityClassOf(resource) ?? []),
    namespaces: marksOfNamespaces(resources, 'labels'),
    namespaceAnnotations: marksOfNamespaces(resources, 'annotations'),
    namespaceObjects: namespaceObjects(resources),
    mutators: mutatorsOf(resources),
    ...readRefusalFacts(resources, nodes),
    mirrorSources: mirrorSourcesOf(resources, { areAll: flags.cluster }),
    pinnedImages: pinnedImagesOf(resources),
    storage: storageFacts(resources),
    autoscaled: scaleRanges(resources),
    limitRanges: resources.flatMap((resource) => limitRangeOf(resource) ?? []),
    runtimeListings: new Map(
      Array.from(runtimeListings, ([node, texts]) => [
        node,
        texts.map(({ text, file }) => parseRuntimeListing(text, file)),
      ]),
    ),
  }
}

function marksOfNamespaces(resources: readonly Resource[], key: 'labels' | 'annotations'): ReadonlyMap<string, Labels> {
  const namespaces = resources.filter(({ kind, apiVersion }) => kind === 'Namespace' && apiVersion === 'v1')
  return new Map(namespaces.map(({ name, value }) => [name, (valueAt(value, ['metadata', key]) ?? {}) as Labels]))
}
