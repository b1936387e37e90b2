import type { Node } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import type { Conditions } from '../../src/audit/facts/conditions.ts'
import { readRefusalFacts } from '../../src/audit/facts/refusals/read-refusal-facts.ts'
import { auditCluster } from '../../src/audit/report/report.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { DEFAULT_KUBELET_SETTINGS } from '../../src/kubernetes/objects/kubelet-config.ts'
import { resourcesOf } from '../../src/kubernetes/objects/resource.ts'
import { node, workload } from '../support/cluster.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`
const PAUSE = 'registry.k8s.io/pause:3.10'

/** A node of some versions that holds an image, by tag and by digest. */
function holder(name: string, kubelet: string | undefined, runtime = 'containerd://2.2.9'): Node {
  const images = [PAUSE, 'docker.io/library/web:latest', `docker.io/library/web@${DIGEST}`]
  const base = node(name, { images })
  const nodeInfo = { ...base.status?.nodeInfo, containerRuntimeVersion: runtime, kubeletVersion: kubelet }
  return { ...base, status: { ...base.status, nodeInfo } } as Node
}

function audited(image: string, nodes: Node[], conditions: Conditions = {}, policy?: string) {
  return auditCluster([workload({ image, ...(policy && { policy }) })], nodes, { sandboxImage: PAUSE, ...conditions })
}

// What an API server fills in for `latest` with a digest: Always in all that were read; what comes after is not known.
test.for<[image: string, policy: string | undefined, kubelets: (string | undefined)[], verdict: string]>([
  [`web:latest@${DIGEST}`, undefined, ['v1.25.0'], 'impossible'],
  [`web:latest@${DIGEST}`, undefined, ['v1.34.1'], 'impossible'],
  [`web:latest@${DIGEST}`, undefined, ['v1.37.2'], 'impossible'],
  [`web:latest@${DIGEST}`, undefined, [undefined], 'impossible'],
  [`web:latest@${DIGEST}`, undefined, ['v1.38.0'], 'unknown'],
  [`web:latest@${DIGEST}`, undefined, ['v1.37.2', 'v1.38.0'], 'unknown'],
  [`web:latest@${DIGEST}`, 'Always', ['v1.38.0'], 'impossible'],
  [`web:latest@${DIGEST}`, 'IfNotPresent', ['v1.38.0'], 'safe'],
  [`web:latest@${DIGEST}`, 'Never', ['v1.34.1'], 'safe'],
  ['web:latest', undefined, ['v1.38.0'], 'impossible'],
  ['web', undefined, ['v1.38.0'], 'impossible'],
  [`web@${DIGEST}`, undefined, ['v1.34.1'], 'safe'],
])('%s with policy %s on %o: %s', ([image, policy, kubelets, verdict]) => {
  const nodes = kubelets.map((kubelet, index) => holder(`n${index}`, kubelet))
  expect(audited(image, nodes, {}, policy).workloads[0]?.verdict).toBe(verdict)
})

test('a mirror answers whatever the API server fills in', () => {
  const { workloads } = audited(`web:latest@${DIGEST}`, [holder('a', 'v1.38.0')], { hasMirror: true })
  expect(workloads[0]?.nodes[0]?.starts).not.toBe(false)
})

// A setting of the kubelet counts from the version on whose gate is on.
test.for<[kubelet: string, gates: Record<string, boolean>, verdict: string, codes: string[]]>([
  ['v1.28.9', {}, 'safe', []],
  ['v1.31.1', {}, 'safe', ['IMAGE_MAXIMUM_GC_AGE']],
  ['v1.34.1', {}, 'safe', ['IMAGE_MAXIMUM_GC_AGE']],
  [
    'v1.34.1',
    { KubeletEnsureSecretPulledImages: true },
    'impossible',
    ['CREDENTIALS_VERIFICATION', 'IMAGE_MAXIMUM_GC_AGE'],
  ],
  ['v1.35.0', {}, 'impossible', ['CREDENTIALS_VERIFICATION', 'IMAGE_MAXIMUM_GC_AGE']],
  ['v1.35.0', { KubeletEnsureSecretPulledImages: false }, 'safe', ['IMAGE_MAXIMUM_GC_AGE']],
])('a kubelet %s with %o that is told to verify: %s', ([kubelet, featureGates, verdict, codes]) => {
  const settings = { credentialsVerification: 'AlwaysVerify', imageMaximumGcAge: '168h', featureGates }
  const { workloads, findings } = audited(`web@${DIGEST}`, [holder('a', kubelet)], {
    kubelet: { ...DEFAULT_KUBELET_SETTINGS, ...settings },
  })
  const wanted = new Set(['CREDENTIALS_VERIFICATION', 'IMAGE_MAXIMUM_GC_AGE', 'PULL_RECORDS'])
  expect(workloads[0]?.verdict).toBe(verdict)
  expect(findings.flatMap(({ code }) => (wanted.has(code) ? [code] : [])).sort()).toEqual(codes)
})

// Whether a handler makes its pods without the sandbox image, which none of the nodes has here.
test.for<[runtime: string, runtimeClassName: string | undefined, verdict: string]>([
  ['containerd://1.7.35', 'kata', 'impossible'],
  ['containerd://2.3.4', 'kata', 'impossible'],
  ['containerd://2.4.0', 'kata', 'unknown'],
  ['containerd://2.4.2', 'plain', 'impossible'],
  ['containerd://2.4.2', undefined, 'impossible'],
  ['containerd://3.0.0', 'kata', 'unknown'],
  ['cri-o://1.37.0', 'kata', 'impossible'],
])('without the sandbox image on %s, class %s: %s', ([runtime, runtimeClassName, verdict]) => {
  const scheduling = { nodeSelector: {}, tolerations: [], overhead: undefined }
  const runtimeClasses = new Map([
    ['kata', { name: 'kata', handler: 'kata', ...scheduling }],
    ['plain', { name: 'plain', handler: '', ...scheduling }],
  ])
  const containers = [{ name: 'c', image: `docker.io/library/web@${DIGEST}` }]
  const pod = workload({ spec: { containers, ...(runtimeClassName && { runtimeClassName }) } })
  const given = { runtimeClasses, sandboxImage: 'registry.k8s.io/pause:3.9' }
  expect(auditCluster([pod], [holder('a', 'v1.37.0', runtime)], given).workloads[0]?.verdict).toBe(verdict)
})

const RELEASE = `quay.io/openshift-release-dev/ocp-release@${DIGEST}`

function openShiftNode(kubelet: string): Node {
  const base = holder('a', kubelet, 'cri-o://1.34.0')
  const images = [{ names: [RELEASE, `quay.io/shop/web@${DIGEST}`], sizeBytes: 1 }]
  const labels = { ...base.metadata?.labels, 'node.openshift.io/os_id': 'rhel' }
  return { ...base, metadata: { ...base.metadata, labels }, status: { ...base.status, images } } as Node
}

const POLICY = `apiVersion: config.openshift.io/v1
kind: ClusterImagePolicy
metadata: {name: openshift}
spec: {scopes: [quay.io/openshift-release-dev]}
`

// From 4.21, which is Kubernetes 1.34, OpenShift has a policy for its own images that no manifest shows.
test.for<[kubelet: string, image: string, inputs: string, refuses: boolean]>([
  ['v1.33.5', RELEASE, '', false],
  ['v1.34.2', RELEASE, '', true],
  ['v1.35.1', RELEASE, '', true],
  ['v1.34.2', `quay.io/shop/web@${DIGEST}`, '', false],
  ['v1.33.5', RELEASE, POLICY, true],
  ['v1.34.2', `quay.io/shop/web@${DIGEST}`, POLICY, false],
])('a node %s of OpenShift, %s, with %o: refuses %s', ([kubelet, image, inputs, refuses]) => {
  const nodes = [openShiftNode(kubelet)]
  const resources = inputs ? readAllDocuments(inputs, 'policy.yaml').flatMap(resourcesOf) : []
  const { workloads, findings } = audited(image, nodes, { ...readRefusalFacts(resources, nodes), hasMirror: true })
  const found = findings.filter(({ code }) => code === 'POD_MAY_BE_REFUSED')
  expect(found.map(({ subject }) => subject?.slice(0, 'ClusterImagePolicy openshift'.length))).toEqual(
    refuses ? ['ClusterImagePolicy openshift'] : [],
  )
  if (refuses) expect(workloads[0]?.verdict).toBe('unknown')
})
