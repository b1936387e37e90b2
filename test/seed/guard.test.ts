import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { criForm, parseReference } from '../../src/oci/reference.ts'
import { guardResources } from '../../src/seed/guard.ts'
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

const GUARD = {
  namespace: 'nodeseed',
  set: 'shop',
  namespaces: ['shop'],
  sets: [
    {
      digest: '0123456789abcdef',
      label: { key: 'shop.nodeseed.dev/0123456789abcdef', value: 'seeded' },
      names: ['docker.io/library/nginx:1.27'],
    },
  ],
}

interface Document {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly data?: { readonly images: string }
  readonly spec?: { readonly paramRef?: { readonly name: string } }
}

function documents(action: 'warn' | 'deny'): Document[] {
  const files = guardResources({ ...GUARD, action })
  return files.flatMap(({ content }) => parseAllDocuments(content).map((document) => document.toJS()))
}

test.for([
  ['warn', ['Warn', 'Audit']],
  ['deny', ['Deny']],
] as const)('%s only looks at pods of the given namespaces, and at the list of the bundle', ([action, actions]) => {
  const binding = documents(action).find(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding')
  expect(binding?.spec).toEqual({
    policyName: 'shop-images.nodeseed.dev',
    paramRef: { name: 'shop-images', namespace: 'nodeseed', parameterNotFoundAction: 'Deny' },
    validationActions: actions,
    matchResources: {
      namespaceSelector: {
        matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['shop'] }],
      },
    },
  })
})

test('the list has a line for each spelling, and every parameter that a binding names is there', () => {
  const all = documents('deny')
  const lists = new Map(
    all.filter(({ kind }) => kind === 'ConfigMap').map(({ metadata, data }) => [metadata.name, data?.images ?? '']),
  )
  expect(lists.get('shop-images')?.split('\n')).toContain('nginx:1.27')
  const named = all.flatMap(({ spec }) => spec?.paramRef?.name ?? [])
  expect(named).toHaveLength(2)
  for (const name of named) expect(lists.has(name), name).toBe(true)
})
