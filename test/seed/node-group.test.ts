import type { Node } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import { groupNodes } from '../../src/seed/node-group.ts'
import { runtimeOf } from '../../src/seed/runtime.ts'
import { sandboxImageOf } from '../../src/seed/sandbox-image.ts'
import { seedableNodes } from '../../src/seed/seedable-node.ts'

interface NodeFacts {
  readonly arch?: string
  readonly os?: string
  readonly osImage?: string
  readonly kubelet?: string
  readonly runtime?: string
  readonly images?: string[]
  readonly labels?: Record<string, string>
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
    status: { nodeInfo: nodeInfo as never, images: images.map((image) => ({ names: [image] })) },
  }
}

test.for<[facts: NodeFacts, runtime: string | undefined]>([
  [{}, 'containerd'],
  [{ kubelet: 'v1.33.2+k3s1', runtime: 'containerd://2.0.5-k3s1' }, 'k3s'],
  [{ kubelet: 'v1.33.2+rke2r1', runtime: 'containerd://2.0.5-k3s1' }, 'rke2'],
  [{ kubelet: 'v1.33.2+k0s', runtime: 'containerd://1.7.27' }, 'k0s'],
  [{ labels: { 'microk8s.io/cluster': 'true' } }, 'microk8s'],
  [{ kubelet: 'v1.33.2-eks-1234567' }, 'containerd'],
  [{ runtime: 'cri-o://1.33.1' }, undefined],
  [{ runtime: 'docker://28.0.1' }, undefined],
  [{ osImage: 'Talos (v1.10.1)' }, undefined],
  [{ osImage: 'Bottlerocket OS 1.40.0 (aws-k8s-1.33)' }, undefined],
])('the runtime of %o is %s', ([facts, runtime]) => {
  expect(runtimeOf(node('n', facts))?.name).toBe(runtime)
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

test('a node that cannot be seeded is a finding, and the others go on', () => {
  const { seedable, findings } = seedableNodes([
    node('win', { os: 'windows' }),
    node('full', { images: [] }),
    node('talos', { osImage: 'Talos (v1.10.1)' }),
    node('a'),
  ])
  const groups = groupNodes(seedable, () => ['0123456789abcdef'])
  expect(groups.flatMap(({ nodes }) => nodes.map(({ name }) => name))).toEqual(['a'])
  expect(findings.map(({ code, message }) => `${code}: ${message}`)).toMatchInlineSnapshot(`
    [
      "NODE_RUNTIME_UNSUPPORTED: node win cannot be seeded by a pod: it runs Debian GNU/Linux 12 with containerd://1.7.27",
      "SANDBOX_IMAGE_UNKNOWN: node full cannot be seeded by a pod: it does not report its sandbox image",
      "NODE_RUNTIME_UNSUPPORTED: node talos cannot be seeded by a pod: it runs Talos (v1.10.1) with containerd://1.7.27",
    ]
  `)
})

test('a named sandbox image stands in for what nodes do not report', () => {
  const { seedable } = seedableNodes([node('full', { images: [] })], 'registry.k8s.io/pause:3.10')
  expect(seedable[0]?.sandboxImage).toBe('registry.k8s.io/pause:3.10')
})
