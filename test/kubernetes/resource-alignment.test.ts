import { expect, test } from 'vitest'
import { auditCluster } from '../../src/audit/report/report.ts'
import { parseKubeletConfig } from '../../src/kubernetes/objects/kubelet-config.ts'
import { node, workload } from '../support/cluster.ts'

const settings = (config: object) => parseKubeletConfig({ kind: 'KubeletConfiguration', ...config })!
const asking = (...resources: object[]) => ({
  containers: resources.map((one, index) => ({ name: `c${index}`, image: 'web:1', resources: one })),
})
const both = (cpu: string) => ({ limits: { cpu, memory: '1Gi' } })
const numa = { topologyManagerPolicy: 'single-numa-node' }
const cores = { cpuManagerPolicy: 'static', cpuManagerPolicyOptions: { 'full-pcpus-only': 'true' } }
const device = { limits: { 'x.io/gpu': '1' } }

test.for<[what: string, verdict: string, config: object, spec: object]>([
  ['nothing is aligned', 'safe', {}, asking(both('1'))],
  ['guaranteed on one NUMA node', 'unknown', numa, asking(both('2'))],
  ['a device on one NUMA node', 'unknown', numa, asking(device)],
  ['no limits on one NUMA node', 'safe', numa, asking({ requests: { cpu: '1' } })],
  ['fewer requests than limits', 'safe', numa, asking({ ...both('2'), requests: { cpu: '1' } })],
  ['one container that is not guaranteed', 'safe', numa, asking(both('2'), {})],
  ['the best that there is', 'safe', { topologyManagerPolicy: 'best-effort' }, asking(both('2'))],
  ['an odd number of whole cores', 'unknown', cores, asking(both('3'))],
  ['an even number', 'safe', cores, asking(both('2'))],
  ['parts of processors, which are shared', 'safe', cores, asking(both('1500m'))],
  ['the option without its policy', 'safe', { ...cores, cpuManagerPolicy: 'none' }, asking(both('3'))],
])('processors and devices: %s is %s', ([, verdict, config, spec]) => {
  const allocatable = { cpu: '8', memory: '8Gi', pods: '9', 'x.io/gpu': '1' }
  const nodes = [node('a', { images: ['docker.io/library/web:1'], allocatable })]
  // A pod that is alike but for its limits has a verdict of its own.
  const other = workload({ name: 'other', spec: asking({ requests: { cpu: '1' } }) })
  const { workloads } = auditCluster([workload({ spec }), other], nodes, { kubelet: settings(config) })
  expect(workloads.map((one) => one.verdict)).toEqual([verdict, 'safe'])
})
