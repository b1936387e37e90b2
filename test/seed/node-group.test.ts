import type { Node } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { methodOf, misfit } from '../../src/seed/methods/method-fit.ts'
import { type MethodName, methodNamed } from '../../src/seed/methods/methods.ts'
import { groupNodes, groupPrefix } from '../../src/seed/nodes/node-group.ts'
import { sandboxImageOf } from '../../src/seed/nodes/sandbox-image.ts'
import { seedableNodes } from '../../src/seed/nodes/seedable-node.ts'

interface NodeFacts {
  readonly arch?: string
  readonly os?: string
  readonly osImage?: string
  readonly kubelet?: string
  readonly runtime?: string
  readonly images?: string[]
  readonly labels?: Record<string, string>
  readonly providerId?: string
}

function node(name: string, facts: NodeFacts = {}): Node {
  const { arch = 'amd64', os = 'linux', osImage = 'Debian GNU/Linux 12', kubelet = 'v1.33.2', labels = {} } = facts
  const { runtime = 'containerd://1.7.27', images = ['registry.k8s.io/pause:3.9'] } = facts
  const nodeInfo = {
    architecture: arch,
    operatingSystem: os,
    osImage,
    kubeletVersion: kubelet,
    containerRuntimeVersion: runtime,
  }
  return {
    metadata: { name, labels },
    ...(facts.providerId && { spec: { providerID: facts.providerId } }),
    status: { nodeInfo: nodeInfo as never, images: images.map((image) => ({ names: [image] })) },
  }
}

const KIND = 'kind://docker/kind/kind-worker'
const MINIKUBE = { 'minikube.k8s.io/name': 'minikube' }

test.for<[facts: NodeFacts, method: MethodName | undefined, runtime?: string]>([
  [{}, 'containerd', 'containerd'],
  [{ kubelet: 'v1.33.2+k3s1', runtime: 'containerd://2.0.5-k3s1' }, 'k3s', 'k3s'],
  [{ kubelet: 'v1.33.2+rke2r1', runtime: 'containerd://2.0.5-k3s1' }, 'rke2', 'rke2'],
  [{ kubelet: 'v1.33.2+k0s', runtime: 'containerd://1.7.27' }, 'k0s', 'k0s'],
  [{ kubelet: 'v1.33.2+k3s1', runtime: 'docker://28.0.1' }, 'docker', 'docker'],
  [{ labels: { 'microk8s.io/cluster': 'true' } }, 'microk8s', 'microk8s'],
  [{ kubelet: 'v1.33.2-eks-1234567' }, 'containerd', 'containerd'],
  [{ providerId: KIND }, 'kind', 'containerd'],
  [{ labels: MINIKUBE }, 'minikube', 'containerd'],
  [{ labels: MINIKUBE, runtime: 'docker://28.0.1' }, 'minikube', 'docker'],
  [{ labels: MINIKUBE, runtime: 'cri-o://1.33.1' }, 'minikube', 'cri-o'],
  [{ labels: MINIKUBE, runtime: 'odd://1' }, undefined],
  [{ runtime: 'cri-o://1.33.1' }, 'cri-o', 'cri-o'],
  [{ runtime: 'docker://28.0.1' }, 'docker', 'docker'],
  [{ runtime: 'odd://1' }, undefined],
  [{ osImage: 'Talos (v1.10.1)' }, 'talos'],
  [{ osImage: 'Bottlerocket OS 1.40.0 (aws-k8s-1.33)' }, 'bottlerocket'],
])('the method of %o is %s', ([facts, method, runtime]) => {
  const one = node('n', facts)
  expect(methodOf(one)).toBe(method)
  const seeding = method && methodNamed(method).seeding
  if (seeding?.by === 'pod') expect(seeding.runtimeOf(one)?.name).toBe(runtime)
})

test.for<[method: MethodName, facts: NodeFacts, problem: RegExp | undefined]>([
  ['containerd', {}, undefined],
  ['containerd', { kubelet: 'v1.33.2+k3s1' }, undefined], // k3s with a containerd of its own
  ['k3s', { kubelet: 'v1.33.2' }, undefined], // a kubelet that does not say what it is part of
  ['k3s', { kubelet: 'v1.33.2+rke2r1' }, /its kubelet is v1\.33\.2\+rke2r1/],
  ['docker', {}, /its kubelet uses containerd:/],
  ['cri-o', { runtime: 'docker://28.0.1' }, /its kubelet uses docker:/],
  ['bake', { runtime: 'cri-o://1.33.1' }, /its kubelet uses cri-o:/],
  ['bake', {}, undefined],
  ['kind', { runtime: 'docker://28.0.1' }, /its kubelet uses docker:/],
  ['minikube', { runtime: 'docker://28.0.1' }, undefined],
  ['minikube', { runtime: 'odd://1' }, /its kubelet uses odd:/],
  ['talos', {}, /it runs Debian/],
  ['talos', { osImage: 'Talos (v1.10.1)' }, undefined],
  ['containerd', { osImage: 'Talos (v1.10.1)' }, /no shell/],
  ['bake', { osImage: 'Talos (v1.10.1)' }, /no shell/],
  ['bake', { osImage: 'Bottlerocket OS 1.40.0' }, undefined],
])('%s for %o: %s', ([method, facts, problem]) => {
  if (problem) expect(misfit(method, node('n', facts))).toMatch(problem)
  else expect(misfit(method, node('n', facts))).toBeUndefined()
})

test.for<[images: string[], sandboxImage: string | undefined]>([
  [['registry.k8s.io/pause:3.9'], 'registry.k8s.io/pause:3.9'],
  [['docker.io/rancher/mirrored-pause:3.6', 'docker.io/library/nginx:1'], 'docker.io/rancher/mirrored-pause:3.6'],
  [['registry.k8s.io/pause:3.9', 'registry.k8s.io/pause:3.10'], 'registry.k8s.io/pause:3.10'],
  [['gcr.io/google_containers/pause-amd64:3.1'], 'gcr.io/google_containers/pause-amd64:3.1'],
  [[`registry.k8s.io/pause@sha256:${'0'.repeat(64)}`], undefined],
  [['quay.io/music/pause-player:1'], undefined],
  [['quay.io/music/unpause:1', 'docker.io/library/pause/tool:1'], undefined],
  [[], undefined],
])('among %o the sandbox image is %s', ([images, sandboxImage]) => {
  expect(sandboxImageOf(node('n', { images }))).toBe(sandboxImage)
})

test('a group is one architecture, one runtime, one sandbox image, one place of the loader', () => {
  const { seedable, findings } = seedableNodes([
    node('a'),
    node('b'),
    node('arm', { arch: 'arm64' }),
    node('k3s', { kubelet: 'v1.33.2+k3s1' }),
    node('old', { images: ['registry.k8s.io/pause:3.6'] }),
    node('alpine', { osImage: 'Alpine Linux v3.20' }),
  ])
  const groups = groupNodes(seedable, () => ['0123456789abcdef'])
  expect(findings).toEqual([])
  expect(groups.map(({ name, nodes }) => [name, nodes.map(({ name }) => name).join()])).toEqual([
    ['amd64-containerd', 'a,b'],
    ['arm64-containerd', 'arm'],
    ['amd64-k3s', 'k3s'],
    ['amd64-containerd-2', 'old'],
    ['amd64-containerd-3', 'alpine'],
  ])
  expect(groups.map(({ needsLib64 }) => needsLib64)).toEqual([true, false, true, true, false])
})

test.for<[set: string, name: string]>([
  ['images', 'amd64-containerd'],
  ['shop', 'shop-amd64-containerd'],
  [`s${'h'.repeat(31)}`, `s${'h'.repeat(31)}-amd64-containerd`],
  [`s${'h'.repeat(62)}`, `s${'h'.repeat(22)}-${digestOf(`s${'h'.repeat(62)}`).slice(7, 15)}-amd64-containerd`],
])('sets of other names have DaemonSets of their own: %s', ([set, name]) => {
  const { seedable } = seedableNodes([node('a')])
  const [group] = groupNodes(seedable, () => ['0123456789abcdef'], { prefix: groupPrefix(set) })
  expect(group?.name).toBe(name)
  expect(`${name}-99`.length).toBeLessThan(64)
})

test('a node that cannot be seeded is a finding, and the others go on', () => {
  const { seedable, outOfBand, findings } = seedableNodes([
    node('win', { os: 'windows' }),
    node('full', { images: [] }),
    node('talos', { osImage: 'Talos (v1.10.1)' }),
    node('a'),
  ])
  const groups = groupNodes(seedable, () => ['0123456789abcdef'])
  expect(groups.flatMap(({ nodes }) => nodes.map(({ name }) => name))).toEqual(['a'])
  expect(outOfBand.map(({ name, method }) => `${name} ${method}`)).toEqual(['talos talos'])
  expect(findings.map(({ severity, code, message }) => `${severity} ${code}: ${message}`)).toMatchInlineSnapshot(`
    [
      "warning NODE_RUNTIME_UNSUPPORTED: node win cannot be seeded by a pod: it runs Debian GNU/Linux 12 with containerd://1.7.27",
      "error SANDBOX_IMAGE_UNKNOWN: node full cannot be seeded by a pod: it does not report its sandbox image",
    ]
  `)
})

test('a method that was asked for overrides what fits, and is refused where the kubelet would not look', () => {
  const methodFor = (name: string) => (name === 'c' ? undefined : ('docker' as const))
  const nodes = [node('a'), node('b', { runtime: 'docker://28.0.1', labels: MINIKUBE }), node('c')]
  const { seedable, findings } = seedableNodes(nodes, { methodFor })
  expect(seedable.map(({ name, method }) => `${name} ${method}`)).toEqual(['b docker', 'c containerd'])
  expect(findings).toMatchObject([
    {
      code: 'METHOD_UNFIT',
      message: 'node a: docker cannot seed it: its kubelet uses containerd://1.7.27',
      hint: 'Leave --method out for this node, or name one that fits: --method a=containerd',
    },
  ])
})

test('a named sandbox image stands in for what nodes do not report', () => {
  const { seedable } = seedableNodes([node('full', { images: [] })], { sandboxImage: 'registry.k8s.io/pause:3.10' })
  expect(seedable[0]?.sandboxImage).toBe('registry.k8s.io/pause:3.10')
})
