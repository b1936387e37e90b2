import { expect, test } from 'vitest'
import { auditCluster } from '../../src/audit/report/report.ts'
import { node, workload } from '../support/cluster.ts'

const D = `sha256:${'d'.repeat(64)}`
const NAMES = [
  'docker.io/library/web:1',
  'docker.io/team/web:1',
  `docker.io/library/web@${D}`,
  'r.example/web:1',
  'localhost/web:1',
  D,
]

const on = (runtime: string, name = 'a') => {
  const nodeInfo = { architecture: 'amd64', operatingSystem: 'linux', containerRuntimeVersion: runtime }
  return node(name, { status: { nodeInfo, images: [{ names: NAMES.slice(0, 3) }, { names: NAMES.slice(3, 5) }] } })
}

test.for<[image: string, crio: string]>([
  ['web:1', 'unknown'],
  ['team/web:1', 'unknown'],
  [`web@${D}`, 'unknown'],
  ['docker.io/library/web:1', 'safe'],
  ['docker.io/web:1', 'safe'],
  ['r.example/web:1', 'safe'],
  ['localhost/web:1', 'safe'],
])('%s on CRI-O is %s', ([image, crio]) => {
  const verdictOf = (...nodes: Parameters<typeof auditCluster>[1][number][]) =>
    auditCluster([workload({ image })], nodes, {}).workloads[0]?.verdict
  expect(verdictOf(on('cri-o://1.34.0'))).toBe(crio)
  expect(verdictOf(on('containerd://2.1.9'))).toBe('safe')
  expect(verdictOf(on('containerd://2.1.9'), on('cri-o://1.34.0', 'b'))).toBe(crio)
})
