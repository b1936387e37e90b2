import { expect, test } from 'vitest'
import type { Conditions } from '../../src/audit/facts/conditions.ts'
import { auditCluster } from '../../src/audit/report/report.ts'
import type { Lock } from '../../src/bundle/format/lock.ts'
import { formatBytes } from '../../src/oci/format-bytes.ts'
import { lockedImage, node, workload } from '../support/cluster.ts'

const WEB = 'docker.io/library/web:1'
const lock: Lock = { version: 1, images: [lockedImage(WEB, 'linux/amd64')] }
const BYTES = [
  lock.images[0]?.target,
  lock.images[0]?.platforms[0]?.manifest,
  lock.images[0]?.platforms[0]?.config,
  lock.images[0]?.platforms[0]?.layers[0],
].reduce((sum, descriptor) => sum + (descriptor?.size ?? 0), 0)

function fixes(
  parts: Parameters<typeof workload>[0],
  nodes: ReturnType<typeof node>[],
  conditions: Conditions = { lock },
) {
  const result = auditCluster([workload(parts)], nodes, conditions)
  return result.workloads
    .flatMap((one) => result.fixesOf(one))
    .map(({ kind, bytes, nodes: names }) => [kind, bytes, names.join()])
}

const TAINT = { key: 'gpu', value: 'h200', effect: 'NoSchedule' }

test.for<[rule: string, parts: Parameters<typeof workload>[0], nodes: ReturnType<typeof node>[], expected: unknown[]]>([
  ['what is safe needs nothing', {}, [node('a', { images: [WEB] })], []],
  ['seed the node that lacks it, in bytes of its platform', {}, [node('a')], [['seed', BYTES, 'a']]],
  ['each node pays', {}, [node('a'), node('b')], [['seed', 2 * BYTES, 'a,b']]],
  ['nothing to seed for another platform', {}, [node('a', { architecture: 'arm64' })], []],
  [
    'a label that sets the holders apart costs nothing, so it comes first',
    {},
    [node('a', { images: [WEB], labels: { disk: 'ssd' } }), node('b', { labels: { disk: 'hdd' } })],
    [
      ['nodeSelector', 0, 'a'],
      ['seed', BYTES, 'b'],
    ],
  ],
  ['a host name is no such label', {}, [node('a', { images: [WEB] }), node('b')], [['seed', BYTES, 'b']]],
  ['Always, and the image is there', { policy: 'Always' }, [node('a', { images: [WEB] })], [['policy', 0, 'a']]],
  ['Always, and the image is not there', { policy: 'Always' }, [node('a')], [['seed', BYTES, 'a']]],
  [
    'a taint on the only node that has it',
    {},
    [node('a', { images: [WEB], spec: { taints: [TAINT] } })],
    [['toleration', 0, 'a']],
  ],
  ['a cordon', {}, [node('a', { images: [WEB], spec: { unschedulable: true } })], [['uncordon', 0, 'a']]],
  [
    'what only live pods decide is better than what fails',
    {
      spec: {
        topologySpreadConstraints: [
          { maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', topologyKey: 'kubernetes.io/hostname' },
        ],
      },
    },
    [node('a')],
    [['seed', BYTES, 'a']],
  ],
  ['nothing helps a reference that is none', { image: 'Web' }, [node('a')], []],
  ['an image outside the bundle costs nobody knows what', { image: 'other:1' }, [node('a')], [['seed', null, 'a']]],
])('%s', ([, parts, nodes, expected]) => {
  expect(fixes(parts, nodes)).toEqual(expected)
})

test('no fix promises a host port that another pod has', () => {
  const containers = [{ name: 'c', image: 'web:1', ports: [{ containerPort: 80, hostPort: 80 }] }]
  const holder = workload({ kind: 'DaemonSet', name: 'holder', spec: { containers } })
  const result = auditCluster([holder, workload({ spec: { containers } })], [node('a')], { lock })
  expect(result.workloads.map((one) => result.fixesOf(one).map(({ kind }) => kind))).toEqual([['seed'], []])
})

test('layers that other images brought are not counted again', () => {
  const base = lockedImage('r.example/base:1', 'linux/amd64')
  const onTop = lockedImage('r.example/top:1', 'linux/amd64')
  const shared = {
    ...onTop,
    platforms: onTop.platforms.map((one) => ({ ...one, layers: base.platforms[0]?.layers ?? [] })),
  }
  const spec = {
    containers: [
      { name: 'base', image: 'r.example/base:1' },
      { name: 'top', image: 'r.example/top:1' },
    ],
  }
  const nodes = [node('a', { images: ['r.example/base:1'] })]
  const [[, bytes] = []] = fixes({ spec }, nodes, { lock: { version: 1, images: [base, shared] } })
  const { target, platforms } = onTop
  expect(bytes).toBe(target.size + (platforms[0]?.manifest.size ?? 0) + (platforms[0]?.config.size ?? 0))
})

test.for<[bytes: number, text: string]>([
  [0, '0 B'],
  [999, '999 B'],
  [1500, '1.5 kB'],
  [72_099_501, '72 MB'],
  [2e12, '2.0 TB'],
  [5e15, '5000 TB'],
])('%i bytes are %s', ([bytes, text]) => {
  expect(formatBytes(bytes)).toBe(text)
})

test('what is in no bundle is bundled first', () => {
  const result = auditCluster([workload({ image: 'other:1' })], [node('a')], { lock })
  const [one] = result.workloads
  expect(one && result.fixesOf(one).map(({ message }) => message)).toEqual([
    'bundle docker.io/library/other:1 first, then seed a',
  ])
})
