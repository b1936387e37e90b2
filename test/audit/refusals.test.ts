import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readRefusalFacts } from '../../src/audit/facts/refusals/read-refusal-facts.ts'
import { auditCluster } from '../../src/audit/report/report.ts'
import { readAuditBundle } from '../../src/cli/audit/audit-bundle.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { resourcesOf } from '../../src/kubernetes/objects/resource.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { lockedImage, node, workload } from '../support/cluster.ts'
import { type Blobs, lockImage, makeImage } from '../support/image-maker.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const NODES = [node('a', { images: ['docker.io/library/web:1'] })]
const PODS = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }
const core = (kind: string, name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name },
  ...more,
})
const of = (apiVersion: string, kind: string, spec: object, name = 'p') => ({
  apiVersion,
  kind,
  metadata: { name },
  spec,
})
const ADMISSION = 'admissionregistration.k8s.io/v1'
const policy = (rule: object = PODS) =>
  of(ADMISSION, 'ValidatingAdmissionPolicy', { matchConstraints: { resourceRules: [rule] } })
const binding = (spec: object = {}, name = 'p') =>
  of(ADMISSION, 'ValidatingAdmissionPolicyBinding', { policyName: name, validationActions: ['Deny'], ...spec }, name)
const excluding = (excludeResourceRules: object[]) =>
  of(ADMISSION, 'ValidatingAdmissionPolicy', { matchConstraints: { resourceRules: [PODS], excludeResourceRules } })
const conditional = (expression: string) =>
  of(ADMISSION, 'ValidatingAdmissionPolicy', {
    matchConstraints: { resourceRules: [PODS] },
    matchConditions: [{ name: 'x', expression }],
  })
const match = { any: [{ resources: { kinds: ['Pod'] } }] }
const kyverno = (spec: object, rule: object = {}) =>
  of('kyverno.io/v1', 'ClusterPolicy', { rules: [{ match, validate: {}, ...rule }], ...spec })
const constraint = (spec: object) => of('constraints.gatekeeper.sh/v1beta1', 'K8sAllowedRepos', spec)
const KUBEWARDEN = 'policies.kubewarden.io/v1'
const hooks = (rule: object = PODS) => ({
  apiVersion: ADMISSION,
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'p' },
  webhooks: [{ name: 'a.p', rules: [rule] }],
})
const signed = (scopes: string[]) => of('config.openshift.io/v1', 'ClusterImagePolicy', { scopes })
const registries = (registrySources: object) => of('config.openshift.io/v1', 'Image', { registrySources })
const ofImages = (...matchImageReferences: object[]) =>
  of('policies.kyverno.io/v1', 'ImageValidatingPolicy', {
    matchConstraints: { resourceRules: [PODS] },
    matchImageReferences,
  })
const valid = (spec: object) =>
  of('policies.kyverno.io/v1', 'ValidatingPolicy', { matchConstraints: { resourceRules: [PODS] }, ...spec })

function audited(objects: object[], more: object = {}) {
  const resources = objects.flatMap((one) => readAllDocuments(JSON.stringify(one), 'm.json').flatMap(resourcesOf))
  const conditions = { ...readRefusalFacts(resources), ...more }
  return auditCluster([workload()], NODES, conditions, [], [], resources)
}

test.for<[what: string, objects: object[], verdict: string]>([
  ['a policy with a binding that denies', [policy(), binding()], 'unknown'],
  ['a binding whose policy is elsewhere', [binding()], 'unknown'],
  ['a policy without a binding', [policy()], 'safe'],
  ['a binding that warns', [policy(), binding({ validationActions: ['Warn', 'Audit'] })], 'safe'],
  ['a policy about services', [policy({ ...PODS, resources: ['services'] }), binding()], 'safe'],
  [
    'a binding for other namespaces',
    [
      policy(),
      binding({ matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'x' } } } }),
    ],
    'safe',
  ],
  ['a policy that excludes pods', [excluding([PODS]), binding()], 'safe'],
  ['a policy that excludes services', [excluding([{ ...PODS, resources: ['services'] }]), binding()], 'unknown'],
  ['a policy that excludes pods of a name', [excluding([{ ...PODS, resourceNames: ['x'] }]), binding()], 'unknown'],
  ['a policy with a condition on others', [conditional("request.namespace == 'x'"), binding()], 'safe'],
  ['a policy with a condition that may hold', [conditional('object.spec.hostNetwork'), binding()], 'unknown'],
  ['a policy of ours', [binding({}, 'p.nodeseed.dev')], 'safe'],
  ['Kyverno that enforces', [kyverno({ validationFailureAction: 'Enforce' })], 'unknown'],
  ['Kyverno that enforces in a rule', [kyverno({}, { validate: { failureAction: 'Enforce' } })], 'unknown'],
  ['Kyverno that audits', [kyverno({ validationFailureAction: 'Audit' })], 'safe'],
  ['Kyverno that says nothing', [kyverno({})], 'safe'],
  ['a policy of Kyverno in CEL', [valid({})], 'unknown'],
  ['a policy of Kyverno in CEL that audits', [valid({ validationActions: ['Audit'] })], 'safe'],
  ['a policy of Kyverno about these images', [ofImages({ glob: 'docker.io/library/*' })], 'unknown'],
  ['a policy of Kyverno about short names', [ofImages({ glob: 'docker.io/web:*' })], 'unknown'],
  ['a policy of Kyverno about other images', [ofImages({ glob: 'ghcr.io/*' })], 'safe'],
  ['a policy of Kyverno about images by an expression', [ofImages({ expression: 'false' })], 'unknown'],
  ['a constraint', [constraint({ match: { kinds: [{ apiGroups: [''], kinds: ['Pod'] }] } })], 'unknown'],
  ['a constraint about everything', [constraint({})], 'unknown'],
  ['a constraint about services', [constraint({ match: { kinds: [{ kinds: ['Service'] }] } })], 'safe'],
  ['a constraint that warns', [constraint({ enforcementAction: 'warn' })], 'safe'],
  ['a constraint for namespaces by a pattern', [constraint({ match: { namespaces: ['kube-*'] } })], 'safe'],
  ['a constraint for others by a pattern', [constraint({ match: { excludedNamespaces: ['def*'] } })], 'safe'],
  ['a constraint for others', [constraint({ match: { excludedNamespaces: ['default'] } })], 'safe'],
  ['a webhook that validates', [hooks()], 'unknown'],
  [
    'a webhook that validates Deployments',
    [hooks({ ...PODS, apiGroups: ['apps'], resources: ['deployments'] })],
    'unknown',
  ],
  ['a webhook that validates services', [hooks({ ...PODS, resources: ['services'] })], 'safe'],
  ['Kubewarden', [of(KUBEWARDEN, 'ClusterAdmissionPolicy', { rules: [PODS] })], 'unknown'],
  ['a group of Kubewarden', [of(KUBEWARDEN, 'ClusterAdmissionPolicyGroup', { rules: [PODS] })], 'unknown'],
  ['Kubewarden that watches', [of(KUBEWARDEN, 'ClusterAdmissionPolicy', { mode: 'monitor', rules: [PODS] })], 'safe'],
  [
    'Kubewarden about services',
    [of(KUBEWARDEN, 'AdmissionPolicy', { rules: [{ ...PODS, resources: ['services'] }] })],
    'safe',
  ],
  ['signatures of sigstore', [of('policy.sigstore.dev/v1beta1', 'ClusterImagePolicy', {})], 'unknown'],
  ['warnings of sigstore', [of('policy.sigstore.dev/v1beta1', 'ClusterImagePolicy', { mode: 'warn' })], 'safe'],
  ['signatures of the domain', [signed(['docker.io'])], 'unknown'],
  ['signatures of the path', [signed(['docker.io/library'])], 'unknown'],
  ['signatures of the repository', [signed(['docker.io/library/web'])], 'unknown'],
  ['signatures of hosts below', [signed(['*.io'])], 'unknown'],
  ['signatures of elsewhere', [signed(['docker.io/lib', 'quay.io'])], 'safe'],
  ['registries that are allowed', [registries({ allowedRegistries: ['docker.io'] })], 'safe'],
  ['other registries that are allowed', [registries({ allowedRegistries: ['quay.io'] })], 'unknown'],
  ['a registry that is blocked', [registries({ blockedRegistries: ['docker.io'] })], 'unknown'],
  ['Portieris', [of('portieris.cloud.ibm.com/v1', 'ClusterImagePolicy', {})], 'unknown'],
  ['a namespace that ends', [core('Namespace', 'default', { status: { phase: 'Terminating' } })], 'impossible'],
  ['a namespace that stays', [core('Namespace', 'default', { status: { phase: 'Active' } })], 'safe'],
])('what may refuse pods: %s', ([, objects, verdict]) => {
  expect(audited(objects).workloads[0]?.verdict).toBe(verdict)
})

test('what may refuse pods is said once by its name, also where somebody answers for it', () => {
  const isRefusalAllowed = (name: string) => name === 'ValidatingAdmissionPolicy p'
  const { workloads, findings } = audited([policy(), binding()], { isRefusalAllowed })
  expect(workloads[0]?.verdict).toBe('safe')
  expect(findings).toContainEqual(
    expect.objectContaining({
      code: 'POD_MAY_BE_REFUSED',
      subject: 'ValidatingAdmissionPolicy p',
      message: expect.stringContaining('may refuse the pods of 1 workload: Deployment w'),
    }),
  )
})

test.for<[verdict: string, own: object, pod?: object]>([
  ['impossible', { runAsNonRoot: true, runAsUser: 0 }],
  ['impossible', { runAsUser: 0 }, { runAsNonRoot: true }],
  ['impossible', { runAsNonRoot: true }, { runAsUser: 0 }],
  ['safe', { runAsNonRoot: false }, { runAsNonRoot: true, runAsUser: 0 }],
  ['safe', { runAsNonRoot: true, runAsUser: 1 }, { runAsUser: 0 }],
  ['safe', { runAsUser: 0 }],
])('%s: a container %j in a pod %j', ([verdict, own, pod]) => {
  const containers = [{ name: 'c', image: 'web:1', securityContext: own }]
  const one = workload({ spec: { containers, ...(pod && { securityContext: pod }) } })
  expect(auditCluster([one], NODES, {}).workloads[0]?.verdict).toBe(verdict)
})

test.for<[verdict: string, user: string | undefined, own: object, pod?: object]>([
  ['impossible', '', { runAsNonRoot: true }],
  ['impossible', '0', { runAsNonRoot: true }],
  ['impossible', '00:5', { runAsNonRoot: true }],
  ['impossible', 'app', { runAsNonRoot: true }],
  ['impossible', 'root:root', {}, { securityContext: { runAsNonRoot: true } }],
  ['impossible', '9223372036854775808', { runAsNonRoot: true }],
  ['safe', '65532:65532', { runAsNonRoot: true }],
  ['safe', '', { runAsNonRoot: true, runAsUser: 7 }],
  ['safe', '', { runAsNonRoot: true }, { securityContext: { runAsUser: 7 } }],
  ['safe', '', { runAsNonRoot: false }, { securityContext: { runAsNonRoot: true } }],
  ['safe', '', {}],
  ['safe, but', undefined, { runAsNonRoot: true }],
])('%s: an image whose user is %j, a container %j in a pod %j', async ([verdict, user, own, pod]) => {
  const blobs: Blobs = new Map()
  const part = makeImage(blobs, [], { user: user ?? '' })
  const images = [lockImage('docker.io/library/web', '1', part.manifest, [part])]
  const file = join(await temporaryDirectory(), user === undefined ? 'lock.json' : 'bundle.tar')
  if (user === undefined) await writeFile(file, JSON.stringify({ version: 1, images }))
  else await writeTestBundle(file, images, blobs)
  const one = workload({ spec: { containers: [{ name: 'c', image: 'web:1', securityContext: own }], ...pod } })
  const { workloads, findings } = auditCluster([one], NODES, await readAuditBundle({ bundle: file }, [one]))
  const isSaid = findings.some(({ code }) => code === 'IMAGE_USER_UNKNOWN')
  expect(`${workloads[0]?.verdict}${isSaid ? ', but' : ''}`).toBe(verdict)
})

test.for<[verdict: string, digest: string | undefined]>([
  ['unknown', `sha256:${'0'.repeat(64)}`],
  ['safe', undefined],
])('%s: an image with a user, which on a node is %s', async ([verdict, digest]) => {
  const locked = lockedImage('docker.io/library/web:1', 'linux/amd64')
  const imageUsers = new Map(locked.platforms.map(({ config }) => [config.digest, '7']))
  const names = ['docker.io/library/web:1', `docker.io/library/web@${digest ?? locked.target.digest}`]
  const nodes = [node('a', { status: { images: [{ names, sizeBytes: 1 }] } }), ...NODES]
  const one = workload({ spec: { securityContext: { runAsNonRoot: true } } })
  const { workloads } = auditCluster([one], nodes, { lock: { version: 1, images: [locked] }, imageUsers })
  expect(workloads[0]?.verdict).toBe(verdict)
})

const mount = (more: object = {}) => ({ volumeMounts: [{ name: 'v', mountPath: '/v', ...more }] })
const pages = (medium: string) => ({ volumes: [{ name: 'v', emptyDir: { medium } }] })
const large = { resources: { limits: { cpu: '1', 'hugepages-2Mi': '2Mi' } } }
const files = { volumes: [{ name: 'v', emptyDir: {} }] }
const ofOther = (containerName: string) => ({
  env: [{ name: 'A', valueFrom: { resourceFieldRef: { containerName, resource: 'limits.cpu' } } }],
})

test.for<[verdict: string, container: object, spec?: object]>([
  ['safe', mount({ subPathExpr: '$(A)' }), files],
  ['impossible', mount({ subPathExpr: 'x/$(B)' }), files],
  ['safe', mount({ subPathExpr: '$$(B)' }), files],
  ['safe', mount({ subPathExpr: '$(KUBERNETES_SERVICE_HOST)' }), files],
  ['safe', { ...mount({ subPathExpr: '$(B)' }), envFrom: [{ configMapRef: { name: 'x' } }] }, files],
  ['safe', ofOther('c')],
  ['safe', ofOther('')],
  ['impossible', ofOther('d')],
  ['impossible', mount(), pages('HugePages')],
  ['safe', { ...mount(), ...large }, pages('HugePages')],
  ['safe', { ...mount(), ...large }, pages('HugePages-2Mi')],
  ['impossible', { ...mount(), ...large }, pages('HugePages-1Gi')],
  ['safe', {}, pages('HugePages')],
])('%s: a container that the API server takes, %j in a pod %j', ([verdict, own, spec]) => {
  const containers = [{ name: 'c', image: 'web:1', env: [{ name: 'A', value: 'a' }], ...own }]
  const [roomy] = NODES
  const allocatable = { ...roomy?.status?.allocatable, 'hugepages-2Mi': '1Gi' }
  const one = workload({ spec: { containers, ...spec } })
  const nodes = [{ ...roomy, status: { ...roomy?.status, allocatable } }] as typeof NODES
  expect(auditCluster([one], nodes, {}).workloads[0]?.verdict).toBe(verdict)
})
