import type { Node } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import { auditCluster } from '../../src/audit/report/report.ts'
import { readConditions } from '../../src/cli/audit/audit-conditions.ts'
import { AUDITED } from '../../src/cli/audit/audit-sources.ts'
import { scanObjects } from '../../src/cli/inputs/scan-inputs.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { resourcesOf } from '../../src/kubernetes/objects/resource.ts'
import { mirrorSourcesOf } from '../../src/kubernetes/openshift/mirror-sources.ts'
import { pinnedImagesOf } from '../../src/kubernetes/openshift/pinned-images.ts'
import { lockedImage, node, workload } from '../support/cluster.ts'

const PAUSE = 'registry.k8s.io/pause:3.10'
const WEB = lockedImage('quay.io/shop/web:1', 'linux/amd64')
const OWN = lockedImage('mirror.example.com:5000/quay.io/shop/web:1', 'linux/amd64')
const LOCK = { version: 1 as const, images: [WEB, OWN] }
const BY_TAG = 'quay.io/shop/web:1'
const BY_DIGEST = `quay.io/shop/web@${WEB.target.digest}`

const set = (kind: string, list: string, source: string, group = 'config.openshift.io/v1') => ({
  apiVersion: group,
  kind,
  metadata: { name: 'm' },
  spec: { [list]: [{ source, mirrors: [`mirror.example.com:5000/${source}`] }] },
})
const idms = (source: string) => set('ImageDigestMirrorSet', 'imageDigestMirrors', source)
const itms = (source: string) => set('ImageTagMirrorSet', 'imageTagMirrors', source)
const icsp = (source: string) =>
  set('ImageContentSourcePolicy', 'repositoryDigestMirrors', source, 'operator.openshift.io/v1alpha1')
const pins = (name: string, pool = 'worker') => ({
  apiVersion: 'machineconfiguration.openshift.io/v1',
  kind: 'PinnedImageSet',
  metadata: { name: 'shop', labels: { 'machineconfiguration.openshift.io/role': pool } },
  spec: { pinnedImages: [{ name }] },
})

const OPENSHIFT = node('a', { labels: { 'node.openshift.io/os_id': 'rhel' }, images: [PAUSE] })

function audited(image: string, policy: string, objects: object[], on: Node = OPENSHIFT, hasMirror = true) {
  const resources = objects.flatMap((one) => readAllDocuments(JSON.stringify(one), 'm.json').flatMap(resourcesOf))
  const facts = { mirrorSources: mirrorSourcesOf(resources), pinnedImages: pinnedImagesOf(resources) }
  const conditions = { ...facts, hasMirror, lock: LOCK, sandboxImage: PAUSE }
  return auditCluster([workload({ image, policy })], [on], conditions).workloads[0]
}

// Who asks the mirror: an image by digest through one kind of set, one by tag through the other.
test.for<[image: string, objects: object[], verdict: string]>([
  [BY_TAG, [], 'safe'],
  [BY_DIGEST, [], 'safe'],
  [BY_TAG, [idms('quay.io')], 'unknown'],
  [BY_DIGEST, [idms('quay.io')], 'safe'],
  [BY_DIGEST, [icsp('quay.io/shop/web')], 'safe'],
  [BY_TAG, [icsp('quay.io/shop/web')], 'unknown'],
  [BY_TAG, [idms('quay.io'), itms('quay.io/shop')], 'safe'],
  [BY_TAG, [itms('quay.io/sho')], 'unknown'],
  [BY_DIGEST, [itms('quay.io')], 'unknown'],
  [BY_DIGEST, [idms('*.io')], 'safe'],
  [BY_DIGEST, [idms('docker.io')], 'unknown'],
  ['mirror.example.com:5000/quay.io/shop/web:1', [idms('quay.io')], 'safe'],
])('%s that is pulled, with %j: %s', ([image, objects, verdict]) => {
  expect(audited(image, 'IfNotPresent', objects)?.verdict).toBe(verdict)
})

test('mirror sets are nothing to nodes of another system, nor to an image that is there', () => {
  expect(audited(BY_TAG, 'IfNotPresent', [idms('quay.io')], node('a', { images: [PAUSE] }))?.verdict).toBe('safe')
  const held = node('a', { labels: { 'node.openshift.io/os_id': 'rhel' }, images: [PAUSE, BY_TAG] })
  expect(audited(BY_TAG, 'IfNotPresent', [idms('quay.io')], held)?.verdict).toBe('safe')
  expect(audited(BY_TAG, 'Always', [idms('quay.io')], held)?.verdict).toBe('unknown')
})

test.for<[cluster: boolean, verdict: string]>([
  [false, 'safe'],
  [true, 'unknown'],
])('no mirror set, read from a cluster (%s): --mirror is %s', async ([cluster, verdict]) => {
  const flags = { images: [], mirror: true, cluster } as unknown as Parameters<typeof readConditions>[0]
  const scan = scanObjects([], 'in.yaml', AUDITED)
  const told = await readConditions(flags, { scan, nodes: [OPENSHIFT] }, LOCK)
  const pod = workload({ image: BY_TAG, policy: 'IfNotPresent' })
  const { workloads } = auditCluster([pod], [OPENSHIFT], { ...told, sandboxImage: PAUSE })
  expect(workloads[0]?.verdict).toBe(verdict)
})

// A PinnedImageSet says what is to come, which is no reason to call anything safe.
test.for<[image: string, objects: object[], said: RegExp]>([
  [BY_DIGEST, [pins(BY_DIGEST)], /; PinnedImageSet shop is to bring it$/],
  [BY_TAG, [pins(BY_DIGEST)], /; PinnedImageSet shop brings it by digest only$/],
  [BY_DIGEST, [pins(BY_DIGEST, 'master')], /is not on the node \(Never: ErrImageNeverPull\)$/],
  [`quay.io/shop/web@sha256:${'b'.repeat(64)}`, [pins(BY_DIGEST)], /is not on the node \(Never: ErrImageNeverPull\)$/],
  [BY_TAG, [], /is not on the node \(Never: ErrImageNeverPull\)$/],
])('%s with Never, and %j', ([image, objects, said]) => {
  const found = audited(image, 'Never', objects, OPENSHIFT, false)
  expect(found?.verdict).toBe('impossible')
  expect(found?.nodes[0]?.message).toMatch(said)
})
