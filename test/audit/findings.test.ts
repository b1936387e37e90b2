import type { Node, Pod } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import type { Conditions } from '../../src/audit/facts/conditions.ts'
import { parseRuntimeListing } from '../../src/audit/facts/images/runtime-listing.ts'
import { liveFailures } from '../../src/audit/findings/live-failures.ts'
import { auditCluster } from '../../src/audit/report/report.ts'
import type { Lock } from '../../src/bundle/format/lock.ts'
import { seedSetDigest } from '../../src/bundle/format/seed-set.ts'
import { finding } from '../../src/finding.ts'
import { DEFAULT_KUBELET_SETTINGS } from '../../src/kubernetes/objects/kubelet-config.ts'
import { lockedImage, node, workload } from '../support/cluster.ts'

const WEB = 'docker.io/library/web:1'
const lock: Lock = { version: 1, images: [lockedImage(WEB, 'linux/amd64')] }
const TARGET = lock.images[0]?.target.digest
const OTHER = `sha256:${'0'.repeat(64)}`

function withImage(
  name: string,
  names: string[],
  parts: { runtime?: string; kubelet?: string; labels?: Record<string, string> } = {},
): Node {
  const base = node(name, { ...(parts.labels && { labels: parts.labels }) })
  const { runtime: containerRuntimeVersion = 'containerd://2.1.9', kubelet: kubeletVersion = 'v1.34.1' } = parts
  const nodeInfo = { ...base.status?.nodeInfo, containerRuntimeVersion, kubeletVersion }
  return {
    ...base,
    status: { ...base.status, nodeInfo, images: names.length > 0 ? [{ names, sizeBytes: 7 }] : [] },
  } as Node
}

function codes(nodes: Node[], conditions: Conditions = {}, workloads = [workload()]): string[] {
  const { findings } = auditCluster(workloads, nodes, { sandboxImage: 'r.example/pause:1', ...conditions })
  return findings.map(({ code }) => code)
}

test.for<[rule: string, names: string[], expected: boolean]>([
  ['the same digest', [WEB, `docker.io/library/web@${TARGET}`], false],
  [
    'the digest of the platform, as CRI-O tells',
    [WEB, `docker.io/library/web@${lock.images[0]?.platforms[0]?.manifest.digest}`],
    false,
  ],
  ['another digest', [WEB, `docker.io/library/web@${OTHER}`], true],
  ['a digest of another repository', [WEB, `r.example/web@${OTHER}`], false],
  ['no digest', [WEB], false],
])('drift: %s', ([, names, expected]) => {
  expect(codes([withImage('a', names)], { lock }).includes('DRIFT')).toBe(expected)
})

test('drift names the image, both digests and every node', () => {
  const nodes = ['a', 'b'].map((name) => withImage(name, [WEB, `docker.io/library/web@${OTHER}`]))
  const drift = auditCluster([workload()], nodes, { lock }).findings.find(({ code }) => code === 'DRIFT')
  expect(drift?.message).toBe(`a, b: ${WEB} is ${OTHER} here, and ${TARGET} in the bundle`)
})

const at = (digest: string) => [WEB, `docker.io/library/web@${digest}`]

test.for<[rule: string, a: Node, b: Node, expected: boolean, parts?: Parameters<typeof workload>[0]]>([
  ['two digests', withImage('a', at('sha256:1')), withImage('b', at('sha256:2')), true],
  ['one digest', withImage('a', at('sha256:1')), withImage('b', at('sha256:1')), false],
  ['one of several', withImage('a', [...at('sha256:1'), ...at('sha256:2')]), withImage('b', at('sha256:2')), false],
  ['a node that tells none', withImage('a', at('sha256:1')), withImage('b', [WEB]), false],
  [
    'a reference by digest',
    withImage('a', at(OTHER)),
    withImage('b', at('sha256:2')),
    false,
    { image: `web@${OTHER}` },
  ],
  ['a node out of reach', withImage('a', at('sha256:1')), tainted(withImage('b', at('sha256:2'))), false],
  ['another platform', withImage('a', at('sha256:1')), arm(withImage('b', at('sha256:2'))), false],
])('a tag on two nodes: %s', ([, a, b, expected, parts]) => {
  expect(codes([a, b], {}, [workload(parts)]).includes('TAG_DIFFERS')).toBe(expected)
})

test.for<[rule: string, digests: string[][], expected: boolean]>([
  ['one of both, last', [['sha256:1'], ['sha256:2'], ['sha256:2', 'sha256:1']], false],
  ['one of both, first', [['sha256:2', 'sha256:1'], ['sha256:1'], ['sha256:2']], false],
  ['two of two each', [['sha256:1', 'sha256:2'], ['sha256:3'], ['sha256:3', 'sha256:4']], true],
])('a tag on three nodes: %s', ([, digests, expected]) => {
  const nodes = digests.map((own, index) => withImage(`n${index}`, [...new Set(own.flatMap(at))]))
  expect(codes(nodes).includes('TAG_DIFFERS')).toBe(expected)
})

test('with a mirror the verdict says what is pulled, and not the policy', () => {
  const told = [finding('POLICY_ALWAYS', 'x is pulled Always')]
  const audited = (conditions: Conditions) =>
    auditCluster([workload()], [node('a', { images: [WEB] })], conditions, told).findings
  expect(audited({ lock }).filter(({ code }) => code === 'POLICY_ALWAYS')).toHaveLength(1)
  expect(audited({ lock, hasMirror: true }).filter(({ code }) => code === 'POLICY_ALWAYS')).toEqual([])
})

function tainted(one: Node): Node {
  return { ...one, spec: { taints: [{ key: 'x', effect: 'NoSchedule' }] } }
}

function arm(one: Node): Node {
  return { ...one, status: { ...one.status, nodeInfo: { ...one.status!.nodeInfo!, architecture: 'arm64' } } }
}

const SEEDED = { [`shop.nodeseed.dev/${seedSetDigest(lock)}`]: 'seeded' }

test('a label that promises what the node does not report is told', () => {
  expect(codes([withImage('a', [], { labels: SEEDED })], { lock })).toContain('SEED_LOST')
  expect(codes([withImage('a', [WEB, `docker.io/library/web@${TARGET}`], { labels: SEEDED })], { lock })).not.toContain(
    'SEED_LOST',
  )
})

test.for<[runtime: string, cannotPin: boolean]>([
  ['containerd://1.6.21', true],
  ['containerd://1.6.22', false],
  ['containerd://1.7.2', true],
  ['containerd://1.7.3', false],
  ['containerd://1.5.9', true],
  ['containerd://2.0.0', false],
  ['containerd://1.7.27-k3s1', false],
  ['cri-o://1.27.4', true],
  ['cri-o://1.28.0', false],
  ['docker://29.1.0', true],
  ['other://1.0.0', false],
])('%s cannot pin: %s', ([runtime, cannotPin]) => {
  expect(codes([withImage('a', [WEB], { runtime })]).includes('RUNTIME_CANNOT_PIN')).toBe(cannotPin)
})

test.for<[code: string, nodes: Node[], conditions: Conditions]>([
  ['PULL_RECORDS', [withImage('a', [WEB], { kubelet: 'v1.35.0' })], {}],
  [
    'CREDENTIALS_VERIFICATION',
    [node('a')],
    { kubelet: { ...DEFAULT_KUBELET_SETTINGS, credentialsVerification: 'AlwaysVerify' } },
  ],
  [
    'IMAGE_MAXIMUM_GC_AGE',
    [node('a')],
    { kubelets: new Map([['a', { ...DEFAULT_KUBELET_SETTINGS, imageMaximumGcAge: '168h' }]]) },
  ],
  ['SINGLE_NODE_IMAGE', [node('a', { images: [WEB] }), node('b')], {}],
  ['IMAGES_NOT_NEEDED', [node('a', { images: ['r.example/old:1'] })], {}],
  ['SHORT_NAME', [withImage('a', [WEB], { runtime: 'cri-o://1.34.0' })], {}],
  ['SANDBOX_IMAGE_UNKNOWN', [node('a')], { sandboxImage: '' }],
  ['SANDBOX_IMAGE_NOT_LISTED', [node('a', { images: [WEB] })], { sandboxImage: '' }],
  ['SANDBOX_IMAGE_UNKNOWN', [node('a')], { sandboxImage: '', hasMirror: true }],
  ['ALWAYS_PULL_IMAGES', [node('a')], { alwaysPullImages: true }],
  ['MIRROR_UNKNOWN', [node('a')], { hasMirror: true }],
  ['DISK_PRESSURE', [{ ...node('a'), status: { conditions: [{ type: 'DiskPressure', status: 'True' }] } }], {}],
  ['NODE_NOT_READY', [{ ...node('a'), status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }], {}],
  ['NODE_NOT_READY', [{ ...node('a'), status: { conditions: [{ type: 'Ready', status: 'True' }] } }, node('b')], {}],
])('%s', ([code, nodes, conditions]) => {
  expect(codes(nodes, conditions)).toContain(code)
  expect(codes([withImage('a', [WEB])])).not.toContain(code)
})

test.for<[what: string, nodes: Node[], conditions: Conditions]>([
  ['one of Kubernetes', [node('a', { images: [WEB, 'registry.k8s.io/pause:3.10'] })], {}],
  ['one of k3s', [node('a', { images: [WEB, 'docker.io/rancher/mirrored-pause:3.6'] })], {}],
  ['one that is named', [node('a', { images: [WEB] })], { sandboxImage: 'r.example/pause:1' }],
  [
    'a mirror that has one',
    [node('a', { images: [WEB] })],
    { hasMirror: true, lock: { version: 1, images: [lockedImage('registry.k8s.io/pause:3.10', 'linux/amd64')] } },
  ],
  ['a runtime that may call it anything', [withImage('a', [WEB], { runtime: 'cri-o://1.34.0' })], {}],
  [
    'a list that is not complete',
    [node('a', { images: Array.from({ length: 50 }, (_, at) => `r.example/${at}:1`) })],
    {},
  ],
  ['no list', [node('a')], {}],
])('a sandbox image is not missed beside %s', ([, nodes, conditions]) => {
  expect(codes(nodes, { sandboxImage: '', ...conditions })).not.toContain('SANDBOX_IMAGE_NOT_LISTED')
})

test.for<[code: string, parts: Parameters<typeof workload>[0]]>([
  ['RUNTIME_CLASS_UNKNOWN', { spec: { runtimeClassName: 'gvisor' } }],
  ['SCHEDULER_UNKNOWN', { spec: { schedulerName: 'volcano' } }],
  ['SCHEDULING_GATED', { spec: { schedulingGates: [{ name: 'wait' }] } }],
])('%s', ([code, parts]) => {
  expect(codes([node('a', { images: [WEB] })], {}, [workload(parts)])).toContain(code)
  expect(codes([node('a', { images: [WEB] })])).not.toContain(code)
})

test('needed images that the runtime shows as not pinned', () => {
  const listing = (pinned: boolean) => {
    const images = [{ id: 'sha256:1', repoTags: [WEB], repoDigests: [], size: '1', pinned }]
    return new Map([['a', [parseRuntimeListing(JSON.stringify({ images }), 'a.json')]]])
  }
  expect(codes([node('a')], { runtimeListings: listing(false) })).toContain('IMAGES_NOT_PINNED')
  expect(codes([node('a')], { runtimeListings: listing(true) })).not.toContain('IMAGES_NOT_PINNED')
})

test('what fails now stands beside what the audit says of it', () => {
  const metadata = {
    name: 'w-x-1',
    namespace: 'default',
    labels: { 'pod-template-hash': 'x' },
    ownerReferences: [{ kind: 'ReplicaSet', name: 'w-x' }],
  }
  const status = {
    phase: 'Pending',
    containerStatuses: [
      { image: WEB, state: { waiting: { reason: 'ErrImageNeverPull' } } },
      { image: WEB, state: { running: {} } },
    ],
  }
  const pod = (nodeName: string) => ({ metadata, status, spec: { nodeName, containers: [] } }) as unknown as Pod
  const nodes = [node('a'), node('b', { images: [WEB] })]
  const result = auditCluster([workload({ policy: 'Never' })], nodes, {})
  expect(liveFailures(result, [pod('a'), pod('b'), pod('c')]).map(({ message }) => message)).toEqual([
    `a: Deployment default/w: ErrImageNeverPull of ${WEB} now; the audit says ImageMissing: ${WEB} is not on the node (Never: ErrImageNeverPull)`,
    `b: Deployment default/w: ErrImageNeverPull of ${WEB} now; the audit finds no reason: look at kubectl describe pod`,
    `c: Deployment default/w: ErrImageNeverPull of ${WEB} now; the audit does not know the workload or the node`,
  ])
})
