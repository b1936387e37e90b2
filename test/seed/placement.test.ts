import type { Node } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { resourcesOf } from '../../src/kubernetes/objects/resource.ts'
import { type Workload, workloadOf } from '../../src/kubernetes/objects/workload.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { seedableNodes } from '../../src/seed/nodes/seedable-node.ts'
import { type Placement, type PlacementMode, placeImages } from '../../src/seed/placement/placement.ts'
import { fc } from '../support/property.ts'

const NONE = Number.POSITIVE_INFINITY

/** An image whose layers are named by letters, each of so many bytes: `{ a: 100 }`. */
function image(name: string, layers: Record<string, number>, architecture = 'amd64'): LockedImage {
  const manifest = { mediaType: OCI_MANIFEST, digest: digestOf(name), size: 0 }
  const platform = {
    platform: { os: 'linux', architecture },
    manifest,
    config: { mediaType: OCI_CONFIG, digest: digestOf(`${name} config`), size: 0 },
    layers: Object.entries(layers).map(([layer, size]) => ({
      mediaType: OCI_LAYER_GZIP,
      digest: digestOf(layer),
      size,
    })),
  }
  return { reference: name, names: [`registry.example/${name}:1`], target: manifest, platforms: [platform] }
}

function node(name: string, { labels = {}, taint = '', arch = 'amd64', disk = '' } = {}): Node {
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: taint ? { taints: [{ key: taint, effect: 'NoSchedule' }] } : {},
    status: {
      ...(disk && { allocatable: { 'ephemeral-storage': disk } }),
      nodeInfo: {
        architecture: arch,
        operatingSystem: 'linux',
        containerRuntimeVersion: 'containerd://2.0.0',
      } as never,
      images: [{ names: ['registry.k8s.io/pause:3.10'] }],
    },
  }
}

function workload(name: string, images: string[], { kind = 'Deployment', spec = '' } = {}): Workload {
  const containers = images.map((text, index) => `{name: c${index}, image: "registry.example/${text}:1"}`).join(', ')
  const text = `apiVersion: apps/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: {template: {spec: {${spec}containers: [${containers}]}}}\n`
  return readAllDocuments(text, 'shop.yaml')
    .flatMap(resourcesOf)
    .flatMap((resource) => workloadOf(resource) ?? [])[0]!
}

interface Case {
  readonly images: LockedImage[]
  readonly workloads: Workload[]
  readonly nodes: Node[]
  readonly mode: PlacementMode
  readonly spread?: number
  readonly maxBytes?: number
}

function placed({ images, workloads, nodes, mode, spread = 1, maxBytes = NONE }: Case): Placement {
  return placeImages(images, workloads, seedableNodes(nodes).seedable, { mode, spread, maxBytes })
}

/** `image+image -> node,node` for each set. */
function summary({ sets }: Placement): string[] {
  return sets.map(({ images, nodes }) => `${images.map(({ reference }) => reference).join('+')} -> ${nodes.join(',')}`)
}

const WEB = image('web', { base: 100, web: 50 })
const DB = image('db', { base: 100, db: 500 })
const TOOL = image('tool', { tool: 10 })
const NODES = [node('a'), node('b', { labels: { disk: 'ssd' } }), node('c', { taint: 'gpu' })]
const ON_SSD = { spec: 'nodeSelector: {disk: ssd}, ' }

test('all: every node gets everything', () => {
  const workloads = [workload('web', ['web'])]
  const placement = placed({ images: [WEB, DB], workloads, nodes: NODES, mode: 'all' })
  expect(summary(placement)).toEqual(['web+db -> a,b,c'])
  expect(placement.setOf.get(workloads[0]!)).toBe(placement.sets[0])
  expect(placement.loads.map(({ bytes }) => bytes)).toEqual([650, 650, 650])
})

test('eligible: a workload is followed by its images to where it may run; unclaimed images go everywhere', () => {
  const workloads = [workload('web', ['web']), workload('db', ['db'], ON_SSD)]
  const placement = placed({ images: [WEB, DB, TOOL], workloads, nodes: NODES, mode: 'eligible' })
  expect(summary(placement).sort()).toEqual(['db -> b', 'tool -> a,b,c', 'web -> a,b'])
  expect(placement.loads.map(({ bytes }) => bytes)).toEqual([160, 660, 10])
})

test('eligible: the label of an earlier set does not keep a workload from its nodes', () => {
  const patched = { spec: 'nodeSelector: {images.nodeseed.dev/0123456789abcdef: seeded, disk: ssd}, ' }
  const placement = placed({
    images: [WEB],
    workloads: [workload('web', ['web'], patched)],
    nodes: NODES,
    mode: 'eligible',
  })
  expect(summary(placement)).toEqual(['web -> b'])
})

test('minimal: the fewest bytes, where shared layers are already; a DaemonSet still goes everywhere', () => {
  const workloads = [workload('db', ['db'], ON_SSD), workload('web', ['web'])]
  expect(summary(placed({ images: [WEB, DB], workloads, nodes: NODES, mode: 'minimal' }))).toEqual(['db+web -> b'])
  const daemon = [workload('web', ['web'], { kind: 'DaemonSet' })]
  expect(summary(placed({ images: [WEB], workloads: daemon, nodes: NODES, mode: 'minimal' }))).toEqual(['web -> a,b'])
})

test('minimal: --spread asks for more nodes, and says when there are too few', () => {
  const workloads = [workload('web', ['web'])]
  const placement = placed({ images: [WEB], workloads, nodes: NODES, mode: 'minimal', spread: 3 })
  expect(summary(placement)).toEqual(['web -> a,b'])
  expect(placement.findings).toMatchObject([{ code: 'SPREAD_NOT_REACHED', severity: 'error' }])
})

test('a full node is passed over, and said; a workload without any node is said with the reasons', () => {
  const nodes = [node('small', { disk: '1200' }), node('large')]
  const workloads = [workload('db', ['db']), workload('gpu', ['web'], { spec: 'nodeSelector: {gpu: "1"}, ' })]
  const placement = placed({ images: [WEB, DB], workloads, nodes, mode: 'eligible' })
  expect(summary(placement)).toEqual(['db -> large'])
  expect(placement.findings.map(({ code }) => code).sort()).toEqual(['NODE_TOO_SMALL', 'NOT_PLACED'])
  expect(placement.findings.find(({ code }) => code === 'NOT_PLACED')?.message).toContain('gpu')
  expect(placement.setOf.get(workloads[1]!)).toBeUndefined()
})

test('only nodes of its architecture get an image', () => {
  const arm = image('arm', { arm: 5 }, 'arm64')
  const nodes = [node('amd'), node('arm', { arch: 'arm64' })]
  const workloads = [workload('arm', ['arm'])]
  expect(summary(placed({ images: [arm], workloads, nodes, mode: 'eligible' }))).toEqual(['arm -> arm'])
  expect(summary(placed({ images: [arm], workloads, nodes, mode: 'all' }))).toEqual(['arm -> arm'])
})

test('whatever the workloads: each has its nodes, they hold its images, and minimal never takes more than eligible', () => {
  const layers = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom(10, 100), { minKeys: 1 })
  const shapes = fc.array(fc.record({ layers, ssd: fc.boolean() }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(shapes, fc.integer({ min: 1, max: 3 }), (some, spread) => {
      const images = some.map((shape, index) => image(`i${index}`, sized(shape.layers)))
      const workloads = some.map(({ ssd }, index) => workload(`w${index}`, [`i${index}`], ssd ? ON_SSD : {}))
      const nodes = [...NODES, node('d'), node('e', { labels: { disk: 'ssd' } })]
      const [minimal, eligible] = (['minimal', 'eligible'] as const).map((mode) =>
        placed({ images, workloads, nodes, mode, spread }),
      ) as [Placement, Placement]
      workloads.forEach((one, index) => {
        const set = minimal.setOf.get(one)
        expect(set?.images).toContain(images[index])
        expect(set?.nodes.length).toBe(Math.min(spread, some[index]?.ssd ? 2 : 4))
      })
      expect(total(minimal)).toBeLessThanOrEqual(total(eligible))
    }),
  )
})

/** One size for each layer, whatever the dictionary says: a layer's digest has one size. */
function sized(layers: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.keys(layers).map((name) => [name, name.charCodeAt(0)]))
}

function total({ loads }: Placement): number {
  return loads.reduce((sum, { bytes }) => sum + bytes, 0)
}
