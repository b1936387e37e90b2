import { expect, test } from 'vitest'
import { audit, workloadVerdict } from '../../src/audit/audit.ts'
import type { Conditions } from '../../src/audit/conditions.ts'
import { auditReport } from '../../src/audit/report.ts'
import { auditSummary, auditTable } from '../../src/audit/table.ts'
import type { NodeVerdict } from '../../src/audit/verdict.ts'
import type { Lock } from '../../src/inventory.ts'
import { seedSetDigest } from '../../src/seed-set.ts'
import { lockedImage, node, workload } from '../support/cluster.ts'

const WEB = 'docker.io/library/web:1'
const STARTS: NodeVerdict = { starts: true }
const MISSING: NodeVerdict = { starts: false, reason: 'ImageMissing', message: '' }
const UNKNOWN: NodeVerdict = { starts: null, reason: 'ImageUnknown', message: '' }
const TAINTED: NodeVerdict = { starts: false, reason: 'TaintToleration', message: '' }

test.for<[rule: string, nodes: NodeVerdict[], verdict: string]>([
  ['it starts on every node', [STARTS, STARTS], 'safe'],
  ['a node that it cannot land on does no harm', [STARTS, TAINTED], 'safe'],
  ['it fails on a node that it may land on', [STARTS, MISSING], 'atRisk'],
  ['it fails on one node, and nobody knows of the other', [UNKNOWN, MISSING], 'atRisk'],
  ['it starts on one node, and nobody knows of the other', [UNKNOWN, STARTS], 'unknown'],
  ['nobody knows of any node', [UNKNOWN, TAINTED], 'unknown'],
  ['it fails on every node that it may land on', [MISSING, TAINTED], 'impossible'],
  ['it may land nowhere', [TAINTED, TAINTED], 'impossible'],
])('a workload is judged by where it may land: %s', ([, nodes, verdict]) => {
  expect(workloadVerdict(nodes)).toBe(verdict)
})

function reasons(parts: Parameters<typeof workload>[0], nodes: ReturnType<typeof node>[], conditions: Conditions = {}) {
  const [report] = auditReport(audit([workload(parts)], nodes, conditions), []).workloads
  return report?.nodes.map(({ starts, reason }) => reason ?? starts)
}

const lock: Lock = { version: 1, images: [lockedImage(WEB, 'linux/amd64')] }
const SEEDED = { [`shop.nodeseed.dev/${seedSetDigest(lock)}`]: 'seeded' }

test('a node with the label of the seed set holds the images of the bundle', () => {
  const nodes = [node('a', { labels: SEEDED }), node('b'), node('c', { labels: { 'shop.nodeseed.dev/0': 'seeded' } })]
  expect(reasons({}, nodes, { lock })).toEqual([true, 'ImageMissing', 'ImageMissing'])
})

test('a label without the bundle says nothing', () => {
  expect(reasons({}, [node('a', { labels: SEEDED })])).toEqual(['ImageMissing'])
})

test('as if every node were seeded', () => {
  expect(reasons({}, [node('a'), node('b')], { lock, assumeSeeded: true })).toEqual([true, true])
  expect(reasons({ image: 'other:1' }, [node('a')], { lock, assumeSeeded: true })).toEqual(['ImageMissing'])
})

test('a seeded node gets only what the bundle holds for its platform', () => {
  const nodes = [
    node('a', { architecture: 'arm64', labels: SEEDED }),
    node('b', { architecture: 'arm64', images: [WEB] }),
  ]
  expect(reasons({}, nodes, { lock })).toEqual(['Platform', true])
})

test('images are looked up as the runtime does, by the CRI form', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const nodes = [node('a', { images: [WEB] }), node('b', { images: [`docker.io/library/web@${digest}`] })]
  expect(reasons({ image: 'web:1' }, nodes)).toEqual([true, 'ImageMissing'])
  expect(reasons({ image: `web@${digest}` }, nodes)).toEqual(['ImageMissing', true])
  expect(reasons({ image: `web:1@${digest}` }, nodes)).toEqual(['ImageMissing', true])
})

test('scheduler filters come before images', () => {
  expect(reasons({ spec: { nodeName: 'b' } }, [node('a'), node('b')])).toEqual(['NodeName', 'ImageMissing'])
})

test('every container and image volume counts, and a certain failure before an unknown', () => {
  const initContainers = [{ name: 'init', image: 'big:1' }]
  const volumes = [{ name: 'model', image: { reference: 'model:1' } }]
  const full = node('a', { images: [WEB, ...Array.from({ length: 49 }, (_, index) => `r.example/${index}:1`)] })
  expect(reasons({}, [full])).toEqual([true])
  expect(reasons({ spec: { initContainers } }, [full])).toEqual(['ImageUnknown'])
  expect(reasons({ spec: { volumes } }, [full])).toEqual(['ImageUnknown'])
  expect(reasons({ spec: { initContainers, ephemeralContainers: [{ image: 'debug' }] } }, [full])).toEqual([
    'AlwaysOffline',
  ])
})

test('the sandbox image is needed before all others', () => {
  const sandboxImage = 'registry.k8s.io/pause:3.10'
  const nodes = [node('a', { images: [WEB, sandboxImage] }), node('b', { images: [WEB] })]
  expect(reasons({}, nodes, { sandboxImage })).toEqual([true, 'SandboxImageMissing'])
  expect(reasons({}, nodes, { sandboxImage, hasMirror: true })).toEqual([true, true])
})

test('spec.os keeps a pod from starting, not from landing', () => {
  expect(reasons({ spec: { os: { name: 'windows' } } }, [node('a', { images: [WEB] })])).toEqual(['Platform'])
  expect(reasons({ spec: { os: { name: 'linux' } } }, [node('a', { images: [WEB] })])).toEqual([true])
})

test('equal pods and equal nodes are judged once, and what no pod asks about makes no node different', () => {
  const nodes = [
    node('a', { images: [WEB, 'r.example/x:1'], labels: { zone: '1' } }),
    node('b', { images: [WEB], labels: { zone: '2' } }),
    node('c'),
  ]
  const classesOf = (spec: object) =>
    audit([workload(), workload({ name: 'x', spec })], nodes, {}).nodeClasses.map((one) => one.nodes)
  expect(classesOf({})).toEqual([['a', 'b'], ['c']])
  expect(classesOf({ nodeSelector: { zone: '1' } })).toEqual([['a'], ['b'], ['c']])
  expect(classesOf({ nodeName: 'b' })).toEqual([['a'], ['b'], ['c']])
})

test('a report lists nodes by name, and classes of nodes where that would be too long', () => {
  const nodes = Array.from({ length: 400 }, (_, index) => node(`n${index}`, { images: index < 300 ? [WEB] : [] }))
  const few = auditReport(audit([workload()], nodes, {}), [])
  expect(few.nodeClasses).toBeUndefined()
  expect(few.workloads[0]?.nodes).toHaveLength(400)
  const many = auditReport(
    audit(
      Array.from({ length: 300 }, () => workload()),
      nodes,
      {},
    ),
    [],
  )
  expect(many.nodeClasses?.map((one) => [one.name, one.nodes.length])).toEqual([
    ['class-1', 300],
    ['class-2', 100],
  ])
  expect(many.workloads[299]?.nodes).toEqual([
    { nodeClass: 'class-1', starts: true },
    {
      nodeClass: 'class-2',
      starts: false,
      reason: 'ImageMissing',
      message: `${WEB} is not on the node (IfNotPresent: ErrImagePull)`,
    },
  ])
})

test('no line of the table is longer than 100 characters', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const image = `registry.example.com/${'long/'.repeat(30)}name@${digest}`
  const nodes = Array.from({ length: 12 }, (_, index) => node(`a-node-with-a-rather-long-name-${index}.example.com`))
  const result = audit([workload({ image, name: 'w'.repeat(120) })], nodes, {})
  const lines = [...auditTable(result)]
  expect(lines.filter((line) => line.length > 100)).toEqual([])
  expect(lines.join('').replaceAll(/\s/g, '')).toContain(image)
  expect(auditSummary(result)).toBe('1 impossible')
})
