import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { criForm, findReference, parseReference } from '../../src/oci/reference.ts'
import { guardResources } from '../../src/seed/guard/guard.ts'
import type { Guard } from '../../src/seed/guard/guard-images.ts'
import { imageNameVariants } from '../../src/seed/guard/image-name-variants.ts'
import { fc } from '../support/property.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

test.for([
  'docker.io/library/nginx:1.27',
  'docker.io/library/nginx:latest',
  `docker.io/library/nginx@${DIGEST}`,
  'docker.io/grafana/grafana:11',
  'registry.example:5000/team/app:latest',
])('every spelling of %s means it', (name) => {
  for (const spelling of imageNameVariants(name)) expect(criForm(parseReference(spelling)), spelling).toBe(name)
})

test('what a manifest may write is among the spellings', () => {
  const repository = fc.constantFrom(
    'nginx',
    'library/nginx',
    'docker.io/nginx',
    'index.docker.io/nginx',
    'grafana/loki',
    'docker.io/grafana/loki',
    'quay.io/a/b',
    'host:5000/a',
  )
  const suffix = fc.constantFrom('', ':latest', ':1', `@${DIGEST}`)
  fc.assert(
    fc.property(repository, suffix, (name, end) => {
      expect(imageNameVariants(criForm(parseReference(name + end)))).toContain(name + end)
    }),
  )
})

/** Names as a runtime looks for them, with parts that mean something in the first place of a path, or a second. */
const component = fc.constantFrom('library', 'localhost', 'docker.io', 'index.docker.io', 'foo', 'a.b', 'x', 'host')
const written = fc
  .tuple(
    fc.array(component, { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', ':5000'),
    fc.constantFrom('', ':latest', ':1', `@${DIGEST}`),
  )
  .map(
    ([parts, port, end]) =>
      parts.map((part, index) => (index === 0 && parts.length > 1 ? part + port : part)).join('/') + end,
  )
  .filter((text) => findReference(text) !== undefined)

test('a variant of a name means that name, and every way to write a name is a variant of it', () => {
  fc.assert(
    fc.property(written, written, (text, other) => {
      const name = criForm(parseReference(text))
      for (const variant of imageNameVariants(name)) expect(criForm(parseReference(variant)), variant).toBe(name)
      expect(imageNameVariants(name)).toContain(text)
      if (criForm(parseReference(other)) !== name) expect(imageNameVariants(name)).not.toContain(other)
    }),
    { numRuns: 2000 },
  )
})

test.for<[seeded: string, other: string]>([
  ['docker.io/library/foo/bar:1', 'foo/bar:1'],
  ['docker.io/localhost/app:1', 'localhost/app:1'],
  ['docker.io/a.b/app:1', 'a.b/app:1'],
])('with %s seeded, %s is another image', ([seeded, other]) => {
  expect(imageNameVariants(seeded)).not.toContain(other)
})

test('static pods that the kubelet shows are let through', () => {
  const [policy] = ofKind('ValidatingAdmissionPolicy')
  expect(policy?.spec?.matchConditions?.map(({ expression }) => expression)).toEqual([
    "!('kubernetes.io/config.mirror' in object.metadata.?annotations.orValue({}))",
  ])
})

const GUARD: Guard = {
  action: 'deny',
  set: 'shop',
  labelPrefix: 'shop.nodeseed.dev/',
  namespaces: ['shop'],
  sets: [
    {
      label: { key: 'shop.nodeseed.dev/0123456789abcdef', value: 'seeded' },
      names: ['docker.io/library/nginx:1.27'],
    },
  ],
  mutatingApi: 'v1beta1',
}

interface Document {
  readonly apiVersion: string
  readonly kind: string
  readonly spec?: {
    readonly failurePolicy?: string
    readonly paramKind?: object
    readonly matchConditions?: { readonly expression: string }[]
    readonly policyName?: string
    readonly validationActions?: string[]
    readonly matchResources?: {
      readonly namespaceSelector: object
      readonly resourceRules: { readonly operations: string[]; readonly resources: string[] }[]
    }
    readonly variables?: { readonly name: string; readonly expression: string }[]
    readonly mutations?: { readonly patchType: string }[]
  }
}

function documents(parts: Partial<Guard> = {}): Document[] {
  const files = guardResources({ ...GUARD, ...parts })
  return files.flatMap(({ content }) => parseAllDocuments(content).map((document) => document.toJS()))
}

function ofKind(kind: string, parts: Partial<Guard> = {}): Document[] {
  return documents(parts).filter((document) => document.kind === kind)
}

test.for([
  ['warn', ['Warn', 'Audit']],
  ['deny', ['Deny']],
] as const)('%s only looks at the given namespaces; who writes a workload is warned', ([action, actions]) => {
  const bindings = ofKind('ValidatingAdmissionPolicyBinding', { action })
  expect(bindings.map(({ spec }) => [spec?.policyName, spec?.validationActions])).toEqual([
    ['shop-images.nodeseed.dev', actions],
    ['shop-images.nodeseed.dev', ['Warn']],
  ])
  for (const { spec } of bindings) {
    expect(spec?.matchResources?.namespaceSelector).toEqual({
      matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['shop'] }],
    })
  }
})

// The API server denies what it cannot judge, whatever the action of the binding.
test.for([
  ['warn', 'Ignore'],
  ['deny', 'Fail'],
] as const)('%s: what cannot be judged is %s', ([action, failurePolicy]) => {
  expect(ofKind('ValidatingAdmissionPolicy', { action })[0]?.spec?.failurePolicy).toBe(failurePolicy)
})

test('new pods are judged, pods that change, and what kubectl debug adds', () => {
  const [pods, workloads] = ofKind('ValidatingAdmissionPolicyBinding').map(({ spec }) =>
    spec?.matchResources?.resourceRules.flatMap(({ operations, resources }) =>
      resources.map((name) => `${name} ${operations}`),
    ),
  )
  expect(pods).toEqual(['pods CREATE,UPDATE', 'pods/ephemeralcontainers UPDATE'])
  const names = [
    ...['replicationcontrollers', 'podtemplates', 'deployments', 'statefulsets', 'daemonsets', 'replicasets'],
    ...['jobs', 'cronjobs'],
  ]
  expect(workloads).toEqual(names.map((name) => `${name} CREATE,UPDATE`))
})

// Once no binding has one as its parameter, an API server looks at no ConfigMap again (kubernetes/kubernetes#130887).
test('the list is part of the policy', () => {
  const policies = [...ofKind('ValidatingAdmissionPolicy'), ...ofKind('MutatingAdmissionPolicy')]
  expect(policies).toHaveLength(2)
  for (const { spec } of policies) {
    expect(spec?.paramKind).toBeUndefined()
    expect(listed(spec?.variables)).toEqual(imageNameVariants('docker.io/library/nginx:1.27').sort())
  }
})

function listed(variables: readonly { name: string; expression: string }[] = []): string[] {
  const lists = variables.filter(({ name }) => /^(?:seeded|set)\d/.test(name))
  return lists.flatMap(({ expression }) => JSON.parse(expression.replace(/,\n\]$/, '\n]')) as string[])
}

test('a long list is in expressions that CEL takes, and complete', () => {
  const names = Array.from({ length: 3000 }, (_, index) => `registry.example/team/image-${index}:1`)
  const sets = GUARD.sets.map((set) => ({ ...set, names }))
  const [policy] = ofKind('ValidatingAdmissionPolicy', { sets })
  for (const { expression } of policy?.spec?.variables ?? []) expect(expression.length).toBeLessThan(100_000)
  expect(listed(policy?.spec?.variables)).toEqual(names.sort())
  const unknown = policy?.spec?.variables?.find(({ name }) => name === 'unknown')?.expression
  for (const { name } of policy?.spec?.variables?.filter(({ name }) => name.startsWith('seeded')) ?? []) {
    expect(unknown).toContain(`i in variables.${name}`)
  }
})

test('no name gets out of its quotes', () => {
  const names = ['a"] + [object.metadata.name] + ["', 'b\\', 'c\n']
  const sets = GUARD.sets.map((set) => ({ ...set, names }))
  expect(listed(ofKind('ValidatingAdmissionPolicy', { sets })[0]?.spec?.variables)).toEqual(names)
})

// The API takes a node selector as one value, which an apply configuration may not touch.
test('the node selector is added with a JSON patch', () => {
  const [policy] = ofKind('MutatingAdmissionPolicy')
  expect(policy?.spec?.mutations).toMatchObject([{ patchType: 'JSONPatch' }])
})

test.for(['v1', 'v1beta1'] as const)('the mutating policy is written for %s', (mutatingApi) => {
  for (const kind of ['MutatingAdmissionPolicy', 'MutatingAdmissionPolicyBinding']) {
    const versions = ofKind(kind, { mutatingApi }).map(({ apiVersion }) => apiVersion)
    expect(versions).toEqual([`admissionregistration.k8s.io/${mutatingApi}`])
  }
})

test('a guard without a namespace to look at is refused', () => {
  expect(() => documents({ namespaces: [] })).toThrow(/no namespace/)
})

test('a list that no policy can hold is refused', () => {
  const names = Array.from({ length: 20_000 }, (_, index) => `registry.example/${'team/'.repeat(10)}image-${index}:1`)
  const sets = GUARD.sets.map((set) => ({ ...set, names }))
  expect(() => documents({ sets })).toThrow(/too large/)
})
