import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { criForm, parseReference } from '../../src/oci/reference.ts'
import { guardResources } from '../../src/seed/guard.ts'
import type { Guard } from '../../src/seed/guard-images.ts'
import { spellingsOf } from '../../src/seed/spelling.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

test.for([
  'docker.io/library/nginx:1.27',
  'docker.io/library/nginx:latest',
  `docker.io/library/nginx@${DIGEST}`,
  'docker.io/grafana/grafana:11',
  'registry.example:5000/team/app:latest',
])('every spelling of %s means it', (name) => {
  for (const spelling of spellingsOf(name)) expect(criForm(parseReference(spelling)), spelling).toBe(name)
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
      expect(spellingsOf(criForm(parseReference(name + end)))).toContain(name + end)
    }),
  )
})

const GUARD: Guard = {
  action: 'deny',
  namespace: 'nodeseed',
  set: 'shop',
  labelPrefix: 'shop.nodeseed.dev/',
  namespaces: ['shop'],
  sets: [
    {
      digest: '0123456789abcdef',
      label: { key: 'shop.nodeseed.dev/0123456789abcdef', value: 'seeded' },
      names: ['docker.io/library/nginx:1.27'],
    },
  ],
  mutatingApi: 'v1beta1',
}

interface Document {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly data?: Record<string, string>
  readonly spec?: {
    readonly paramRef?: { readonly name: string; readonly namespace: string; readonly parameterNotFoundAction: string }
    readonly failurePolicy?: string
    readonly validationActions?: string[]
    readonly matchResources?: {
      readonly resourceRules?: { readonly operations: string[]; readonly resources: string[] }[]
    }
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
] as const)('%s only looks at pods of the given namespaces, and at the list of the bundle', ([action, actions]) => {
  for (const { spec } of ofKind('ValidatingAdmissionPolicyBinding', { action })) {
    expect(spec).toMatchObject({
      policyName: 'shop-images.nodeseed.dev',
      paramRef: { name: 'shop-images', namespace: 'nodeseed' },
      validationActions: actions,
      matchResources: {
        namespaceSelector: {
          matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['shop'] }],
        },
      },
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

test('without the list new pods and new containers are refused, and updates of pods that are there go on', () => {
  const rules = ofKind('ValidatingAdmissionPolicyBinding').map(({ spec }) => [
    spec?.matchResources?.resourceRules?.flatMap(({ operations, resources }) => [...operations, ...resources]),
    spec?.paramRef?.parameterNotFoundAction,
  ])
  expect(rules).toEqual([
    [['CREATE', 'pods', 'UPDATE', 'pods/ephemeralcontainers'], 'Deny'],
    [['UPDATE', 'pods'], 'Allow'],
  ])
})

test('the list has a line for each spelling, and is what every binding names', () => {
  const [list, ...others] = ofKind('ConfigMap')
  expect(others).toEqual([])
  expect(list?.data?.['0123456789abcdef']?.split('\n')).toContain('nginx:1.27')
  const named = documents().flatMap(({ spec }) => spec?.paramRef ?? [])
  expect(named).toHaveLength(3)
  for (const { name, namespace } of named) expect({ name, namespace }).toEqual(list?.metadata)
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

test('a list that no ConfigMap can hold is refused', () => {
  const names = Array.from({ length: 20_000 }, (_, index) => `registry.example/${'team/'.repeat(10)}image-${index}:1`)
  const sets = GUARD.sets.map((set) => ({ ...set, names }))
  expect(() => documents({ sets })).toThrow(/too large/)
})
