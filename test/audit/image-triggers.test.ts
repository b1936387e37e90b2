import { expect, test } from 'vitest'
import { auditCluster } from '../../src/audit/report/report.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { customWorkloadsOf } from '../../src/kubernetes/objects/custom-workload.ts'
import { resourcesOf } from '../../src/kubernetes/objects/resource.ts'
import { workloadOf } from '../../src/kubernetes/objects/workload.ts'
import { node } from '../support/cluster.ts'

const NODES = [node('a', { images: ['docker.io/library/web:1'] })]
const from = { kind: 'ImageStreamTag', name: 'web:1' }
const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'web:1' }] } }
const deployment = (triggers: unknown, metadata: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'w', annotations: { 'image.openshift.io/triggers': JSON.stringify(triggers) }, ...metadata },
  spec: { selector: { matchLabels: { a: 'b' } }, template },
})
const config = (triggers: unknown) => ({
  apiVersion: 'apps.openshift.io/v1',
  kind: 'DeploymentConfig',
  metadata: { name: 'w' },
  spec: { selector: { a: 'b' }, triggers, template },
})

test.for<[what: string, object: object, verdict: string]>([
  ['an annotation', deployment([{ from, fieldPath: 'x' }]), 'unknown'],
  ['one that is paused', deployment([{ from, paused: true }]), 'safe'],
  ['one that is none', deployment('x'), 'safe'],
  ['what the cluster has stored', deployment([{ from }], { uid: 'u' }), 'safe'],
  ['a trigger of a DeploymentConfig', config([{ type: 'ImageChange', imageChangeParams: { from } }]), 'unknown'],
  ['another of it', config([{ type: 'ConfigChange' }]), 'safe'],
])('%s of OpenShift: the pod is %s', ([, object, verdict]) => {
  const resources = readAllDocuments(JSON.stringify(object), 'm.json').flatMap(resourcesOf)
  const { workloads } = auditCluster(
    resources.flatMap((one) => workloadOf(one) ?? customWorkloadsOf(one)),
    NODES,
    {},
  )
  expect(workloads.map((one) => one.verdict)).toEqual([verdict])
})
