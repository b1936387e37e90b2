import { expect, test } from 'vitest'
import { auditCluster } from '../../src/audit/report/report.ts'
import { mutatorsOf } from '../../src/kubernetes/admission/mutators.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { customWorkloadsOf } from '../../src/kubernetes/objects/custom-workload.ts'
import { resourcesOf } from '../../src/kubernetes/objects/resource.ts'
import { node, workload } from '../support/cluster.ts'

const NODES = [node('a', { images: ['docker.io/library/web:1'] })]
const PODS = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }
const hooks = (kind: string, webhook: object) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind,
  metadata: { name: 'mesh' },
  webhooks: [{ name: 'a.mesh', rules: [PODS], ...webhook }],
})
const service = (selector: object | null) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'hook', namespace: 'default' },
  spec: { selector },
})
const clientConfig = { service: { namespace: 'default', name: 'hook' } }

function audited(objects: object[], isMutationAllowed?: (name: string) => boolean) {
  const resources = objects.flatMap((one) => readAllDocuments(JSON.stringify(one), 'm.json').flatMap(resourcesOf))
  const conditions = { mutators: mutatorsOf(resources), ...(isMutationAllowed && { isMutationAllowed }) }
  return auditCluster([workload()], NODES, conditions, [], [], resources)
}

test('what a webhook may change is unknown, and said once', () => {
  const { workloads, findings } = audited([hooks('MutatingWebhookConfiguration', { failurePolicy: 'Ignore' })])
  expect(workloads[0]?.verdict).toBe('unknown')
  expect(workloads[0]?.nodes[0]?.message).toBe(
    'MutatingWebhookConfiguration mesh may change the pod: what it adds is not judged',
  )
  expect(findings).toContainEqual(
    expect.objectContaining({
      code: 'POD_MUTATED',
      subject: 'MutatingWebhookConfiguration mesh',
      message: 'MutatingWebhookConfiguration mesh may change the pods of 1 workload: Deployment w',
    }),
  )
})

test('who answers for what it adds is taken at their word, and it is said all the same', () => {
  const { workloads, findings } = audited([hooks('MutatingWebhookConfiguration', {})], (name) => name.endsWith('mesh'))
  expect(workloads[0]?.verdict).toBe('safe')
  expect(findings.map(({ code }) => code)).toContain('POD_MUTATED')
})

const ADMISSION = 'admissionregistration.k8s.io/v1'
const MUTATIONS = [{ jsonPatch: { expression: '[JSONPatch{op: "add", path: "/spec/containers/-"}]' } }]
const policy = { matchConstraints: { resourceRules: [PODS] }, mutations: MUTATIONS }
const of = (apiVersion: string, kind: string, spec: object) => ({ apiVersion, kind, metadata: { name: 'p' }, spec })
const mutating = of(ADMISSION, 'MutatingAdmissionPolicy', policy)
const bound = (spec: object) => of(ADMISSION, 'MutatingAdmissionPolicyBinding', { policyName: 'p', ...spec })
const elsewhere = { matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'x' } } } }
const CEL = 'policies.kyverno.io/v1'
const generates = (expression: string) => of(CEL, 'GeneratingPolicy', { generate: [{ expression }] })
const rule = (generate: object) => of('kyverno.io/v1', 'ClusterPolicy', { rules: [{ generate }] })
const made = (kind: string) => `generator.Apply("x", [{"kind": dyn("${kind}"), "metadata": dyn({"name": "y"})}])`
const deletes = (resource: string) =>
  of(CEL, 'DeletingPolicy', { matchConstraints: { resourceRules: [{ ...PODS, resources: [resource] }] } })
const cleanup = (kind: string) =>
  of('kyverno.io/v2', 'ClusterCleanupPolicy', { match: { any: [{ resources: { kinds: [kind] } }] } })

test.for<[what: string, objects: object[], verdict: string, codes?: string[]]>([
  ['a policy, bound', [mutating, bound({})], 'unknown', ['POD_MUTATED']],
  ['a policy, bound elsewhere', [mutating, bound(elsewhere)], 'safe'],
  ['a policy, bound twice', [mutating, bound(elsewhere), bound({})], 'unknown', ['POD_MUTATED']],
  ['a policy whose binding is not here', [mutating], 'unknown', ['POD_MUTATED']],
  ['a binding whose policy is not here', [bound({})], 'unknown', ['POD_MUTATED']],
  ['one of Kyverno', [of(CEL, 'MutatingPolicy', policy)], 'unknown', ['POD_MUTATED']],
  ['one that makes Deployments', [generates(made('Deployment'))], 'safe', ['WORKLOAD_NOT_JUDGED']],
  ['one that makes quotas', [generates(made('ResourceQuota'))], 'safe', ['WORKLOAD_NOT_JUDGED']],
  ['one that makes nobody sees what', [generates('variables.all')], 'safe', ['WORKLOAD_NOT_JUDGED']],
  ['one that copies Deployments', [generates('resource.Get("v1", "deployments")')], 'safe', ['WORKLOAD_NOT_JUDGED']],
  ['one that copies Secrets', [generates('resource.Get("v1", "secrets", "a", "b")')], 'safe'],
  ['one that makes NetworkPolicies', [generates(made('NetworkPolicy'))], 'safe'],
  ['a rule that makes quotas', [rule({ kind: 'ResourceQuota', data: {} })], 'safe', ['WORKLOAD_NOT_JUDGED']],
  ['a rule that copies Secrets', [rule({ cloneList: { kinds: ['v1/Secret'] } })], 'safe'],
  ['one that deletes pods', [deletes('pods')], 'safe', ['POD_MAY_BE_DELETED']],
  ['one that deletes Secrets', [deletes('secrets')], 'safe'],
  ['a rule that deletes Deployments', [cleanup('Deployment')], 'safe', ['POD_MAY_BE_DELETED']],
  ['a rule that deletes Jobs', [cleanup('Job')], 'safe'],
])('policies that change, make or delete: %s', ([, objects, verdict, codes = []]) => {
  const { workloads, findings } = audited(objects)
  expect(workloads[0]?.verdict).toBe(verdict)
  const about = ['POD_MUTATED', 'WORKLOAD_NOT_JUDGED', 'POD_MAY_BE_DELETED']
  expect(findings.map(({ code }) => code).filter((code) => about.includes(code))).toEqual(codes)
})

const custom = (apiVersion: string, kind: string, spec: object) =>
  readAllDocuments(JSON.stringify({ apiVersion, kind, metadata: { name: 'x' }, spec }), 'c.json')
    .flatMap(resourcesOf)
    .flatMap(customWorkloadsOf)
const template = { spec: { containers: [{ name: 'c', image: 'web:1' }] } }
const pytorch = (role: string) => ({ pytorchReplicaSpecs: { [role]: { template } } })

test.for<[apiVersion: string, kind: string, spec: object, who: string | undefined]>([
  ['argoproj.io/v1alpha1', 'Rollout', { template }, undefined],
  ['apps.kruise.io/v1alpha1', 'CloneSet', { template }, undefined],
  ['kubeflow.org/v1', 'PyTorchJob', pytorch('Master'), undefined],
  ['kubeflow.org/v1', 'PyTorchJob', pytorch('Worker'), 'the operator of PyTorchJob (kubeflow.org)'],
  ['agones.dev/v1', 'GameServer', { template }, 'the operator of GameServer (agones.dev)'],
  ['postgresql.cnpg.io/v1', 'Pooler', { template }, 'the operator of Pooler (postgresql.cnpg.io)'],
  ['shop.example.com/v1', 'Deployment', { template }, 'the operator of Deployment (shop.example.com)'],
])('an operator may add to a template unless it is known not to: %s %s', ([apiVersion, kind, spec, who]) => {
  const { workloads, findings } = auditCluster(custom(apiVersion, kind, spec), NODES, {})
  expect(workloads.map(({ verdict }) => verdict)).toEqual([who === undefined ? 'safe' : 'unknown'])
  expect(findings.flatMap(({ code, subject }) => (code === 'POD_MUTATED' ? subject : []))).toEqual(
    who === undefined ? [] : [who],
  )
  const isMutationAllowed = (name: string) => name === who
  expect(auditCluster(custom(apiVersion, kind, spec), NODES, { isMutationAllowed }).workloads[0]?.verdict).toBe('safe')
})

test('a namespace that asks for sidecars makes its pods unknown', () => {
  const namespaces = new Map([['default', { 'istio-injection': 'enabled' }]])
  const { workloads } = auditCluster([workload()], NODES, { namespaces })
  expect(workloads[0]?.verdict).toBe('unknown')
  expect(auditCluster([workload()], NODES, { namespaces: new Map() }).workloads[0]?.verdict).toBe('safe')
})

test.for<[what: string, objects: object[], said: string | undefined]>([
  ['nobody', [hooks('ValidatingWebhookConfiguration', { clientConfig })], 'its Service default/hook is not among'],
  [
    'an address',
    [hooks('ValidatingWebhookConfiguration', { clientConfig: { url: 'https://x' } })],
    'it is at https://x',
  ],
  [
    'nobody who has to',
    [hooks('ValidatingWebhookConfiguration', { clientConfig, failurePolicy: 'Ignore' })],
    undefined,
  ],
  [
    'a service without pods',
    [hooks('ValidatingWebhookConfiguration', { clientConfig }), service({ app: 'hook' })],
    'selects no workload',
  ],
  ['a workload', [hooks('ValidatingWebhookConfiguration', { clientConfig }), service({ app: 'web' })], undefined],
  ['whoever has the addresses', [hooks('ValidatingWebhookConfiguration', { clientConfig }), service(null)], undefined],
  [
    'one that is about others',
    [hooks('ValidatingWebhookConfiguration', { clientConfig, rules: [{ ...PODS, resources: ['secrets'] }] })],
    undefined,
  ],
])('a webhook that is answered by %s', ([, objects, said]) => {
  const found = audited(objects).findings.filter(({ code }) => code === 'WEBHOOK_WITHOUT_SERVICE')
  expect(found.map(({ message }) => message)).toEqual(said === undefined ? [] : [expect.stringContaining(said)])
})

test('a webhook whose pods start nowhere answers nobody', () => {
  const resources = [hooks('ValidatingWebhookConfiguration', { clientConfig }), service({ app: 'web' })].flatMap(
    (one) => readAllDocuments(JSON.stringify(one), 'm.json').flatMap(resourcesOf),
  )
  const { findings } = auditCluster([workload({ image: 'other:1' })], NODES, {}, [], [], resources)
  expect(findings.find(({ code }) => code === 'WEBHOOK_WITHOUT_SERVICE')?.message).toContain('start nowhere')
})

test('a pod that a cluster has stored has met its webhooks', () => {
  const scanned = workload({ kind: 'Pod' })
  const one = { ...scanned, template: { ...scanned.template, metadata: { uid: 'x' } } }
  const resources = [hooks('MutatingWebhookConfiguration', {})].flatMap((hook) =>
    readAllDocuments(JSON.stringify(hook), 'm.json').flatMap(resourcesOf),
  )
  expect(auditCluster([one], NODES, { mutators: mutatorsOf(resources) }).workloads[0]?.verdict).toBe('safe')
})
