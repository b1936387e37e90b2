import { expect, test } from 'vitest'
import type { Conditions } from '../../src/audit/facts/conditions.ts'
import { auditCluster, auditReport } from '../../src/audit/report/report.ts'
import { auditSummary, failsOn } from '../../src/audit/report/summary.ts'
import type { Lock } from '../../src/bundle/format/lock.ts'
import { seedSetDigest } from '../../src/bundle/format/seed-set.ts'
import { scanObjects } from '../../src/cli/inputs/scan-inputs.ts'
import { nameOfResource } from '../../src/kubernetes/objects/resource.ts'
import { lockedImage, node } from '../support/cluster.ts'
import { fc, runs } from '../support/property.ts'

const OP = 'r.example/shop/op:1'
const WORKER = 'r.example/shop/worker:2'
const KEEP = { keepWorkloads: true, keepCustomWorkloads: true, minConfidence: 'possible' } as const

/** As the command does it. */
function auditOf(objects: unknown[], nodes: ReturnType<typeof node>[], conditions: Conditions = {}) {
  const { workloads, findings, uses } = scanObjects(objects, 'test.yaml', KEEP)
  return auditCluster(workloads, nodes, conditions, findings, uses)
}

const container = (more: object = {}) => ({ name: 'c', image: OP, imagePullPolicy: 'Never', ...more })
const deployment = (more: object = {}, spec: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'op', namespace: 'shop' },
  spec: { template: { spec: { containers: [container(more)], ...spec } } },
})
const rollout = (more: object) => ({ ...deployment(more), apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' })
const configMap = (data: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cfg' }, data })
const podText = JSON.stringify({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name: 'x' },
  spec: { containers: [{ name: 'c', image: WORKER, imagePullPolicy: 'Always' }] },
})

const args = { args: [`--worker-image=${WORKER}`] }
const NAMERS: [place: string, objects: object[]][] = [
  ['an argument', [deployment(args)]],
  ['a command', [deployment({ command: ['op', '--worker-image', WORKER] })]],
  ['the environment', [deployment({ env: [{ name: 'RELATED_IMAGE_WORKER', value: WORKER }] })]],
  ['an annotation', [deployment(), { ...configMap({}), metadata: { annotations: { 'x.example/image': WORKER } } }]],
  ['a ConfigMap', [deployment(), configMap({ 'worker-image': WORKER })]],
  ['a pod template in a ConfigMap', [deployment(), configMap({ 'pod.json': podText })]],
  ['a custom resource', [deployment(), { apiVersion: 'x.example/v1', kind: 'App', spec: { image: WORKER } }]],
  ['an argument in the template of a custom resource', [rollout(args)]],
  ['an argument of an init container', [deployment({}, { initContainers: [container(args)] })]],
  ['a List in a List', [{ kind: 'List', items: [{ kind: 'List', items: [deployment(args)] }] }]],
]

test.for(NAMERS)('an image that only %s names is looked up on every node', ([, objects]) => {
  const verdictOn = (...nodes: ReturnType<typeof node>[]) => {
    const result = auditOf(objects, nodes)
    const found = auditReport(result).images.find(({ image }) => image === WORKER)
    expect(found?.judged).toBe(false)
    return [found?.elsewhere?.presence, found?.elsewhere?.nodes]
  }
  const [holder, other] = [node('a', { images: [OP, WORKER] }), node('b', { images: [OP] })]
  const isAlways = JSON.stringify(objects).includes('Always')
  expect(verdictOn(other)).toEqual(['nowhere', 0])
  expect(verdictOn()).toEqual(['nowhere', 0])
  expect(verdictOn(holder, other)).toEqual(isAlways ? ['nowhere', 0] : ['some', 1])
  expect(verdictOn(holder)).toEqual(isAlways ? ['nowhere', 0] : ['everywhere', 1])
  expect(verdictOn(node('c', { status: { images: undefined } }))).toEqual([isAlways ? 'nowhere' : 'unknown', 0])
  expect(failsOn(auditOf(objects, [other]), 'unknown')).toBe(true)
})

const lock: Lock = { version: 1, images: [OP, WORKER].map((name) => lockedImage(name, 'linux/amd64')) }
const without: Lock = { version: 1, images: [lockedImage(OP, 'linux/amd64')] }
const seeded = (of: Lock) => ({ labels: { [`shop.nodeseed.dev/${seedSetDigest(of)}`]: 'seeded' } })
const unread = { status: { images: undefined } }

test.for<[rule: string, nodes: ReturnType<typeof node>[], conditions: Conditions, presence: string, fails: boolean]>([
  ['the bundle is assumed on every node', [node('a')], { lock, assumeSeeded: true }, 'everywhere', false],
  ['the bundle lacks it', [node('a')], { lock: without, assumeSeeded: true }, 'nowhere', true],
  ['a label promises it', [node('a', { ...seeded(lock), ...unread })], { lock }, 'everywhere', false],
  [
    'a label promises a set without it',
    [node('a', { ...seeded(without), ...unread })],
    { lock: without },
    'unknown',
    true,
  ],
  ['another platform', [node('a', { architecture: 'arm64' })], { lock, assumeSeeded: true }, 'nowhere', true],
  ['a mirror serves it', [node('a')], { lock, hasMirror: true }, 'everywhere', false],
  ['a mirror of which nobody told what it has', [node('a')], { hasMirror: true }, 'unknown', true],
  ['a mirror of another bundle', [node('a')], { lock: without, hasMirror: true }, 'nowhere', true],
  ['every policy is Always', [node('a', { images: [WORKER] })], { alwaysPullImages: true }, 'nowhere', true],
  [
    'a list that is cut',
    [node('a', { images: Array.from({ length: 50 }, (_, index) => `x.example/i:${index}`) })],
    {},
    'unknown',
    true,
  ],
])('an image that a ConfigMap names, where %s', ([, nodes, conditions, presence, fails]) => {
  const result = auditOf([configMap({ 'worker-image': WORKER })], nodes, conditions)
  expect(auditReport(result).images[0]?.elsewhere).toMatchObject({ presence })
  expect(failsOn(result, 'unknown')).toBe(fails)
  expect(failsOn(result, 'atRisk')).toBe(false)
})

test('an image that a judged pod starts and an argument names is both', () => {
  const result = auditOf([deployment({ args: [`--worker-image=${OP}`] })], [node('a', { images: [OP] }), node('b')])
  expect(auditReport(result).images).toMatchObject([{ image: OP, judged: true, elsewhere: { presence: 'some' } }])
})

test('what may be an image is only noted', () => {
  const result = auditOf([configMap({ note: 'app:1.2' })], [node('a')])
  const codes = result.findings.map(({ code }) => code)
  expect(codes.filter((code) => code.startsWith('NAMED_IMAGE'))).toEqual([])
  expect(failsOn(result, 'unknown')).toBe(false)
})

test.for<[what: string, objects: object[], unnamed: number]>([
  ['a placeholder in the environment', [deployment({ env: [{ name: 'X_IMAGE', value: '$' + '{R}/worker:1' }] })], 1],
  [
    'a chart that is elsewhere',
    [
      deployment(),
      {
        ...{ apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', metadata: { name: 'r' } },
        spec: { chart: { spec: { chart: 'redis', sourceRef: { kind: 'HelmRepository', name: 'x' } } } },
      },
    ],
    1,
  ],
  [
    'an empty image in a custom resource',
    [
      deployment(),
      {
        apiVersion: 'x.example/v1',
        kind: 'App',
        spec: { template: { spec: { containers: [{ name: 'c', image: '' }] } } },
      },
    ],
    1,
  ],
  ['a container without an image in a judged pod', [deployment({ image: undefined })], 0],
])('images that nobody knows by name are not safe: %s', ([, objects, unnamed]) => {
  const result = auditOf(objects, [node('a', { images: [OP] })])
  expect(auditReport(result).summary.unnamed).toBe(unnamed)
  expect(failsOn(result, 'unknown')).toBe(true)
  if (unnamed > 0) expect(auditSummary(result)).toContain('1 place whose images are not known')
})

const NAMES = ['a', 'b', 'c'].map((name) => `r.example/shop/${name}:1`)
const image = fc.constantFrom(...NAMES)
const anyContainer = fc.record(
  {
    name: fc.constantFrom('c', 'd'),
    image: fc.oneof(image, fc.constantFrom('', '$' + '(X)', 'Not:An:Image')),
    args: image.map((name) => [`--x-image=${name}`]),
    env: image.map((name) => [{ name: 'X_IMAGE', value: name }]),
  },
  { requiredKeys: ['name'] },
)
const podSpec = fc.record(
  {
    containers: fc.array(anyContainer, { maxLength: 2 }),
    initContainers: fc.array(anyContainer, { maxLength: 1 }),
    volumes: image.map((reference) => [{ name: 'v', image: { reference } }]),
  },
  { requiredKeys: ['containers'] },
)
const type = fc.constantFrom(
  ['apps/v1', 'Deployment'],
  ['v1', 'Pod'],
  ['batch/v1', 'CronJob'],
  ['v1', 'PodTemplate'],
  ['argoproj.io/v1alpha1', 'Rollout'],
  ['ray.io/v1', 'RayCluster'],
  ['v1', 'ConfigMap'],
)
const anyObject = fc
  .record({ type, name: fc.constantFrom('x', 'y'), spec: podSpec, key: image })
  .map(({ type: [apiVersion, kind], name, spec, key }) => {
    const head = { apiVersion, kind, metadata: { name, annotations: { 'x.example/image': key } } }
    const template = { spec }
    if (kind === 'Pod') return { ...head, spec }
    if (kind === 'PodTemplate') return { ...head, template }
    if (kind === 'ConfigMap') return { ...head, data: { 'x-image': key, 'p.json': JSON.stringify({ template }) } }
    if (kind === 'CronJob') return { ...head, spec: { jobTemplate: { spec: { template } } } }
    return { ...head, spec: { template, other: { template, image: key } } }
  })
const anyNodes = fc.array(fc.subarray(NAMES), { minLength: 1, maxLength: 3 })

test('every image of a scan is judged or looked up, and no yes is left where one is missing', () => {
  fc.assert(
    fc.property(fc.array(anyObject, { maxLength: 4 }), anyNodes, (objects, held) => {
      const scan = scanObjects(objects, 'test.yaml')
      const nodes = held.map((images, index) => node(`n${index}`, { images }))
      const result = auditOf(objects, nodes)
      const { images, workloads } = auditReport(result)
      const reports = new Map(images.map((one) => [one.image, one]))
      const judgedNames = new Set(workloads.map((one) => nameOfResource(one)))
      for (const use of scan.uses) {
        const report = reports.get(use.image ?? '')
        expect(report).toBeDefined()
        const isAccounted = report?.elsewhere?.namedBy.some(
          ({ line, field, why }) => line === use.line && field.length > 0 && why === use.why,
        )
        const name = nameOfResource(use.workload)
        const isJudged = use.layer === 'podSpec' && [...judgedNames].some((one) => one.startsWith(name))
        expect(isAccounted || (report?.judged && isJudged)).toBe(true)
      }
      for (const { image: name, elsewhere } of images) {
        if (!elsewhere) continue
        const holders = held.filter((list) => list.includes(name)).length
        const isAlways = elsewhere.reasons.some((reason) => reason.includes('AlwaysOffline'))
        if (!isAlways) expect(elsewhere.nodes).toBe(holders)
        const isSure = elsewhere.namedBy.some(({ confidence }) => confidence !== 'possible')
        if (isSure && holders < held.length) expect(failsOn(result, 'unknown')).toBe(true)
      }
    }),
    { numRuns: runs(300) },
  )
})
