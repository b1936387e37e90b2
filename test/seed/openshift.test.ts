import type { Node } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { isOpenShift, machineConfigPool, openShiftMinor } from '../../src/kubernetes/openshift/openshift-node.ts'
import { isPinnable, pinnedImageSets } from '../../src/kubernetes/openshift/pinned-image-set.ts'
import { pinnedOnOpenShift } from '../../src/seed/nodes/openshift.ts'
import type { SeedableNode } from '../../src/seed/nodes/seedable-node.ts'
import { isWithObjects, obsoleteFiles } from '../../src/seed/previous/previous-seeding.ts'
import { lockedImage, node } from '../support/cluster.ts'

const D = `sha256:${'a'.repeat(64)}`
const ROLE = 'node-role.kubernetes.io'
const RHCOS = { 'node.openshift.io/os_id': 'rhel' }

function inPool(name: string, labels: Record<string, string>, config?: string): Node {
  const made = node(name, { labels: { ...RHCOS, ...labels } })
  const annotations = config && { 'machineconfiguration.openshift.io/currentConfig': config }
  return { ...made, metadata: { ...made.metadata, ...(annotations && { annotations }) } }
}

// Which names the API server takes: the rules of PinnedImageRef in openshift/api.
test.for<[name: string, is: boolean]>([
  [`registry.example.com/custom-os-image@${D}`, true],
  [`registry.example.com:5000/custom-os-image@${D}`, true],
  [`registry.example.com/my-namespace/custom-os-image@${D}`, true],
  [`docker.io/library/nginx@${D}`, true],
  [`10.0.0.5:5000/web@${D}`, true],
  [`ghcr.io/shop/group/web@${D}`, false],
  [`localhost/web@${D}`, false],
  [`registry:5000/web@${D}`, false],
  [`quay.io/shop/web:1@${D}`, false],
  ['quay.io/shop/web:1', false],
  [`quay.io/shop/web@sha512:${'a'.repeat(128)}`, false],
  [`quay.io/shop/${'w'.repeat(400)}@${D}`, false],
])('%s can be pinned: %s', ([name, is]) => {
  expect(isPinnable(name)).toBe(is)
})

test.for<[what: string, labels: Record<string, string>, config: string | undefined, pool: string]>([
  ['a worker', { [`${ROLE}/worker`]: '' }, undefined, 'worker'],
  ['one without a role', {}, undefined, 'worker'],
  ['a control plane', { [`${ROLE}/control-plane`]: '', [`${ROLE}/master`]: '' }, undefined, 'master'],
  ['a control plane that also works', { [`${ROLE}/master`]: '', [`${ROLE}/worker`]: '' }, undefined, 'master'],
  ['a custom role beside worker', { [`${ROLE}/worker`]: '', [`${ROLE}/infra`]: '' }, undefined, 'infra'],
  ['what the daemon notes', { [`${ROLE}/worker`]: '' }, 'rendered-gpu-large-0a1b2c3d', 'gpu-large'],
])('%s is of the pool %s', ([, labels, config, pool]) => {
  expect(machineConfigPool(inPool('a', labels, config))).toBe(pool)
})

test.for<[what: string, parts: object, is: boolean]>([
  ['the label', { metadata: { labels: RHCOS } }, true],
  ['Red Hat', { status: { nodeInfo: { osImage: 'Red Hat Enterprise Linux CoreOS 9.6.20250916-0 (Plow)' } } }, true],
  ['CentOS', { status: { nodeInfo: { osImage: 'CentOS Stream CoreOS 9.0.20250510-0' } } }, true],
  ['Fedora', { status: { nodeInfo: { osImage: 'Fedora CoreOS 42.20250803' } } }, false],
  ['RHEL', { status: { nodeInfo: { osImage: 'Red Hat Enterprise Linux 9.6 (Plow)' } } }, false],
  ['nothing', {}, false],
])('a node is one of OpenShift by %s: %s', ([, parts, is]) => {
  expect(isOpenShift(parts as Node)).toBe(is)
})

test.for<[kubelet: string | undefined, minor: number | undefined]>([
  ['v1.33.5', 20],
  ['v1.34.2', 21],
  ['v1.35.1', 22],
  [undefined, undefined],
])('a kubelet %s is OpenShift 4.%s', ([kubeletVersion, minor]) => {
  expect(openShiftMinor({ status: { nodeInfo: { kubeletVersion } } } as Node)).toBe(minor)
})

test('as many sets as their limit asks for, and no image in none', () => {
  const names = Array.from({ length: 1001 }, (_, index) => `quay.io/shop/app${index}@${D}`)
  const sets = pinnedImageSets('shop', 'worker', names)
  const pinned = sets.map(({ spec }) => (spec as { pinnedImages: { name: string }[] }).pinnedImages)
  expect(pinned.map(({ length }) => length)).toEqual([500, 500, 1])
  expect(pinned.flat().map(({ name }) => name)).toEqual(names)
  expect(new Set(sets.map(({ metadata }) => (metadata as { name: string }).name)).size).toBe(3)
})

const WEB = lockedImage('quay.io/shop/web:1', 'linux/amd64')
const DEEP = lockedImage('ghcr.io/shop/group/app:1', 'linux/amd64')
const REGISTRY = { url: 'https://mirror.example.com:5000/far', ca: undefined, needsPassword: false }

function group(nodes: Node[], ...images: (typeof WEB)[]) {
  const seedable = nodes.map((one) => ({ name: one.metadata?.name, node: one }) as SeedableNode)
  return { nodes: seedable, lock: { version: 1 as const, images } }
}

test('each pool gets the images of its nodes, by digest, and the mirrors to pull them through', () => {
  const workers = [inPool('a', { [`${ROLE}/worker`]: '' }), inPool('b', { [`${ROLE}/worker`]: '' })]
  const groups = [group(workers, WEB, DEEP), group([inPool('c', { [`${ROLE}/master`]: '' }), node('d')], WEB)]
  const { files, findings } = pinnedOnOpenShift(groups, 'shop', REGISTRY)
  expect(findings.map(({ code }) => code)).toEqual(['OPENSHIFT_PINS_DIGESTS', 'OPENSHIFT_NAME_REFUSED'])
  expect(findings[1]?.message).toContain(`ghcr.io/shop/group/app@${DEEP.target.digest}`)
  const [mirrors, sets] = files.map(({ content, path }) => readAllDocuments(content, path).map(({ value }) => value))
  const mirror = (source: string) => ({ source, mirrors: [`mirror.example.com:5000/far/${source}`] })
  expect(mirrors).toEqual([
    {
      apiVersion: 'config.openshift.io/v1',
      kind: 'ImageDigestMirrorSet',
      metadata: { name: 'nodeseed' },
      spec: { imageDigestMirrors: [mirror('quay.io'), mirror('ghcr.io')] },
    },
    {
      apiVersion: 'config.openshift.io/v1',
      kind: 'ImageTagMirrorSet',
      metadata: { name: 'nodeseed' },
      spec: { imageTagMirrors: [mirror('quay.io'), mirror('ghcr.io')] },
    },
  ])
  const pinned = (pool: string) => ({
    apiVersion: 'machineconfiguration.openshift.io/v1',
    kind: 'PinnedImageSet',
    metadata: { name: `nodeseed-shop-${pool}-1`, labels: { 'machineconfiguration.openshift.io/role': pool } },
    spec: { pinnedImages: [{ name: `quay.io/shop/web@${WEB.target.digest}` }] },
  })
  expect(sets).toEqual([pinned('worker'), pinned('master')])
})

test("a PinnedImageSet that is not written any more is listed as obsolete, and mirrors are not, which are every set's", () => {
  const before = [inPool('a', {}), inPool('b', { [`${ROLE}/gpu`]: '' })].map((one) => group([one], WEB))
  const of = (groups: typeof before) => pinnedOnOpenShift(groups, 'shop', REGISTRY).files
  const previous = { sets: [], workloads: [], files: of(before) }
  const [file] = obsoleteFiles(previous, of(before.slice(0, 1)))
  expect(file?.content).toContain('may be collected afterwards')
  expect(readAllDocuments(file?.content ?? '', '').map(({ value }) => value)).toEqual([
    {
      apiVersion: 'machineconfiguration.openshift.io/v1',
      kind: 'PinnedImageSet',
      metadata: { name: 'nodeseed-shop-gpu-1' },
    },
  ])
  expect(obsoleteFiles(previous, of(before))).toEqual([])
  expect(previous.files.map(({ path }) => isWithObjects(path))).toEqual([false, true])
})

test('without a registry, or a node of OpenShift, there is nothing to apply', () => {
  const nothing = { files: [], findings: [] }
  expect(pinnedOnOpenShift([group([inPool('a', {})], WEB)], 'shop', undefined)).toEqual(nothing)
  expect(pinnedOnOpenShift([group([node('a')], WEB)], 'shop', REGISTRY)).toEqual(nothing)
})

test('what the nodes need besides is said where it is needed', () => {
  const bare = { url: 'http://10.0.0.5:5000', ca: undefined, needsPassword: false }
  const said = [bare, { ...REGISTRY, ca: 'PEM', needsPassword: true }].map((registry) => {
    const { files } = pinnedOnOpenShift([group([inPool('a', {})], WEB)], 'shop', registry)
    return ['insecureRegistries', 'mirror.example.com..5000', 'pull-secret'].filter((word) =>
      files[0]?.content.includes(word),
    )
  })
  expect(said).toEqual([['insecureRegistries'], ['mirror.example.com..5000', 'pull-secret']])
})
