import { expect, test } from 'vitest'
import { auditCluster, auditReport } from '../../src/audit/report/report.ts'
import { auditSummary, failsOn } from '../../src/audit/report/summary.ts'
import { scanObjects } from '../../src/cli/inputs/scan-inputs.ts'
import { WORKLOAD_KINDS } from '../../src/kubernetes/objects/workload.ts'
import { lockedImage, node, workload } from '../support/cluster.ts'

const WEB = 'docker.io/library/web:1'
const holder = node('a', { images: [WEB] })
const volume = { volumes: [{ name: 'v', image: { reference: 'web:1', pullPolicy: 'never' } }] }
const mounted = { containers: [{ name: 'c', image: 'web:1', volumeMounts: [{ name: 'v', mountPath: '/v' }] }] }
const tolerating = (operator: string, value = '5') => ({ tolerations: [{ key: 'level', operator, value }] })

test.for<[what: string, parts: Parameters<typeof workload>[0], said: string]>([
  ['a policy in lower case', { policy: 'never' }, 'imagePullPolicy "never" is none of Always, IfNotPresent, Never'],
  ['a policy of another tool', { policy: 'if-not-present' }, 'imagePullPolicy "if-not-present" is none'],
  ['the policy of a volume', { spec: { ...volume, ...mounted } }, 'image.pullPolicy "never" is none'],
  ['an operator of another place', { spec: tolerating('In') }, 'operator "In" is none of Equal, Exists'],
])('a pod that the API server rejects is made nowhere: %s', ([, parts, said]) => {
  const [report] = auditReport(auditCluster([workload(parts)], [holder], {})).workloads
  expect(report).toMatchObject({ verdict: 'impossible', nodes: [{ starts: false, reason: 'Admission' }] })
  expect(report?.nodes[0]?.message).toContain(said)
})

test.for<[what: string, parts: Parameters<typeof workload>[0], said: string]>([
  ['the operator Gt', { spec: tolerating('Gt') }, 'rejects the toleration operator Gt'],
  ['the operator Lt', { spec: tolerating('Lt') }, 'rejects the toleration operator Lt'],
])('a pod that a feature gate decides about is unknown: %s', ([, parts, said]) => {
  const [report] = auditReport(auditCluster([workload(parts)], [holder], {})).workloads
  expect(report).toMatchObject({ verdict: 'unknown', nodes: [{ starts: null, reason: 'Admission' }] })
  expect(report?.nodes[0]?.message).toContain(said)
})

test.for(['Always', 'IfNotPresent', 'Never', ''])('the policy %j is one', (policy) => {
  const lock = { version: 1 as const, images: [lockedImage(WEB, 'linux/amd64')] }
  const report = auditReport(auditCluster([workload({ policy })], [holder], { hasMirror: true, lock }))
  expect(report.workloads[0]?.verdict).toBe('safe')
})

test('a toleration that may cover a taint after all leaves no yes where the image is missing', () => {
  const tainted = node('b', { spec: { taints: [{ key: 'level', value: '9', effect: 'NoSchedule' }] } })
  const result = auditCluster([workload({ spec: tolerating('Gt') })], [holder, tainted], {})
  expect(result.workloads[0]?.verdict).toBe('unknown')
})

test.for<[what: string, images: unknown, verdict: string]>([
  ['none', undefined, 'unknown'],
  ['null', null, 'unknown'],
  ['something else than a list', { names: [WEB] }, 'unknown'],
  ['an empty list', [], 'impossible'],
])('a node whose status has %s for images', ([, images, verdict]) => {
  const result = auditCluster([workload()], [node('a', { status: { images } })], {})
  expect(result.workloads[0]?.verdict).toBe(verdict)
})

const head = (kind: string) => ({
  apiVersion: { Pod: 'v1', PodTemplate: 'v1', Job: 'batch/v1', CronJob: 'batch/v1' }[kind] ?? 'apps/v1',
  kind,
  metadata: { name: 'empty' },
})

test.for(WORKLOAD_KINDS.flatMap((kind) => [[kind, undefined] as const, [kind, null] as const]))(
  'a %s whose spec is %s is not judged, and said',
  ([kind, spec]) => {
    const objects = [{ ...head(kind), spec }]
    const { resources, findings, uses } = scanObjects(objects, 'test.yaml', { keepKinds: WORKLOAD_KINDS })
    const result = auditCluster([workload()], [holder], {}, findings, uses, resources)
    expect(auditSummary(result)).toBe('1 safe, 1 not judged')
    expect(failsOn(result, 'unknown')).toBe(true)
    expect(result.findings).toContainEqual(
      expect.objectContaining({ code: 'WORKLOAD_NOT_JUDGED', message: `${kind} empty: it has no pod template` }),
    )
  },
)

test.for(['constructor', '__proto__', 'toString'])(
  'a field of a pod that is called %s is one that is not modelled',
  (name) => {
    const spec = JSON.parse(`{"containers": [{"name": "c", "image": "web:1"}], "${name}": {"a": 1}}`) as object
    const result = auditCluster([workload({ spec })], [holder], {})
    expect(result.workloads[0]?.verdict).not.toBe('safe')
  },
)
