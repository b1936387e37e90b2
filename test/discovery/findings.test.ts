import { expect, test } from 'vitest'
import { scanText } from '../support/scan-text.ts'

const DIGEST = `sha256:${'0'.repeat(64)}`

/** The findings for one container, given as flow-style YAML on line 6. */
function findingsFor(container: string): string[] {
  const text = `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n    - ${container}\n`
  return scanText(text).findings.map(({ code, severity, line }) => `${code} ${severity} ${line}`)
}

test.for<[container: string, findings: string[]]>([
  ['{name: c, image: "a:1"}', []],
  ['{name: c, image: "a:1.27-alpine"}', []],
  ['{name: c, image: "a:1", imagePullPolicy: Never}', []],
  ['{name: c, image: "a:1", imagePullPolicy: Always}', ['POLICY_ALWAYS error 6']],
  ['{name: c, image: a}', ['POLICY_ALWAYS error 6']],
  ['{name: c, image: "a:latest"}', ['POLICY_ALWAYS error 6']],
  [`{name: c, image: "a:latest@${DIGEST}"}`, ['POLICY_ALWAYS error 6']],
  ['{name: c, image: "a:latest", imagePullPolicy: IfNotPresent}', ['TAG_MUTABLE warning 6']],
  ['{name: c, image: "a:main", imagePullPolicy: Never}', ['TAG_MUTABLE warning 6']],
  ['{name: c, image: "a:v2-nightly"}', ['TAG_MUTABLE warning 6']],
  ['{name: c, image: "a:next-generation-1"}', []],
  [`{name: c, image: "a:main@${DIGEST}"}`, []],
  ['{name: c, image: "a:1", imagePullPolicy: always}', ['POLICY_INVALID error 6']],
  ['{name: c, image: " a:1"}', ['REFERENCE_INVALID error 6']],
  ['{name: c, image: "quay.io/Org/App:1"}', ['REFERENCE_INVALID error 6']],
  ['{name: c, image: "{{ .Values.image }}"}', ['IMAGE_UNRESOLVED error 6']],
  ['{name: c, image: foo_bar.com/app:1}', ['REGISTRY_INVALID warning 6']],
  ['{name: c, image: 1.27}', ['IMAGE_NOT_TEXT error 6']],
  ['{name: c, image: {repository: a}}', ['IMAGE_NOT_TEXT error 6']],
  ['{name: c, image: ""}', ['IMAGE_EMPTY error 6']],
  ['{name: c, image: }', ['IMAGE_EMPTY error 6']],
  ['{name: c}', ['IMAGE_MISSING warning 6']],
])('%s', ([container, findings]) => {
  expect(findingsFor(container)).toEqual(findings)
})

test.for<[container: string, message: string, hint: string]>([
  [
    '{name: c, image: "app:1", imagePullPolicy: Always}',
    'Pod p, container c: app:1 is pulled Always (imagePullPolicy says so), which fails offline even when the image is on the node',
    'Set imagePullPolicy: IfNotPresent; or name the image by digest and set IfNotPresent; or keep Always and serve a mirror (nodeseed serve).',
  ],
  [
    '{name: c, image: app}',
    'Pod p, container c: app is pulled Always (the default for the tag latest), which fails offline even when the image is on the node',
    'Give it a version tag, or set imagePullPolicy: IfNotPresent; or name the image by digest and set IfNotPresent; or keep Always and serve a mirror (nodeseed serve).',
  ],
  [
    `{name: c, image: "app:latest@${DIGEST}"}`,
    `Pod p, container c: app:latest@${DIGEST} is pulled Always (the default for the tag latest, up to Kubernetes 1.37 also beside a digest), which fails offline even when the image is on the node`,
    'Give it a version tag, or set imagePullPolicy: IfNotPresent; or name the image by digest and set IfNotPresent; or keep Always and serve a mirror (nodeseed serve).',
  ],
  [
    '{name: c, image: "a:1", imagePullPolicy: ifnotpresent}',
    'Pod p, container c: imagePullPolicy "ifnotpresent" is none; the API server rejects it',
    'Write IfNotPresent: the word is case-sensitive.',
  ],
  [
    '{name: c, image: "a:1 "}',
    'Pod p, container c: not an image reference: "a:1 ": white space around it (the API server rejects such a pod, and accepts a template whose pods then fail)',
    'Write it as a:1',
  ],
  [
    '{name: c, image: quay.io/Org/app}',
    'Pod p, container c: not an image reference: "quay.io/Org/app": repository name (Org/app) must be lowercase',
    'The kubelet will say InvalidImageName. In lower case it would be valid: quay.io/org/app',
  ],
  [
    '{name: c, image: "${REGISTRY}/app:1"}',
    'Pod p, container c: the image "${REGISTRY}/app:1" is not complete: something fills it in later',
    'Render templates first (helm template, kubectl kustomize, envsubst, oc process), or say what the names stand for: --var NAME=VALUE; or name the image with --image REF.',
  ],
  [
    '{name: c, image: 1.27}',
    'Pod p, container c: the image is no text: 1.27',
    'Put the reference in quotes: YAML reads a bare 1.27 as a number.',
  ],
])('%s says what is wrong and what to do', ([container, message, hint]) => {
  const text = `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [${container}]}\n`
  expect(scanText(text).findings).toMatchObject([{ message, hint }])
})

test('a tab where YAML takes none is no template that was not rendered', () => {
  const { findings } = scanText('kind: Pod\nspec:\n\tcontainers: []\n')
  expect(findings).toMatchObject([
    { code: 'DOCUMENT_UNREADABLE', line: 3, hint: 'Indent the line with spaces: YAML takes no tabs there.' },
  ])
})

test.for<[what: string, metadata: string, said: string | undefined]>([
  ['whole', '{resourceVersion: "5"}', undefined],
  ['whole, and says so', '{continue: "", remainingItemCount: 0}', undefined],
  ['a page', '{continue: abc}', 'one page of a list, of which the server has more (metadata.continue)'],
  [
    'a page, and counts',
    '{continue: abc, remainingItemCount: 7}',
    'one page of a list, of which the server has 7 more',
  ],
])('a list that is %s', ([, metadata, said]) => {
  const pod = '{metadata: {name: p}, spec: {containers: [{name: c, image: "a:1"}]}}'
  const { uses, findings } = scanText(`apiVersion: v1\nkind: PodList\nmetadata: ${metadata}\nitems: [${pod}]\n`)
  expect(uses).toHaveLength(1)
  expect(findings.map(({ code, severity }) => [code, severity])).toEqual(said ? [['DOCUMENT_UNREADABLE', 'error']] : [])
  if (said) expect(findings[0]?.message).toContain(said)
})

test('a broken document is a finding with its line, and the others go on', () => {
  const pod = 'apiVersion: v1\nkind: Pod\nspec: {containers: [{name: c, image: "a:1"}]}\n'
  const { uses, findings } = scanText(`${pod}---\n{{- if .Values.x }}\nimage: x/y:1\n{{- end }}\n---\n${pod}`)
  expect(uses.filter(({ confidence }) => confidence === 'certain')).toHaveLength(2)
  expect(findings).toMatchObject([{ code: 'DOCUMENT_UNREADABLE', file: 'test.yaml', line: 5 }])
  expect(uses[1]).toMatchObject({ reference: 'x/y:1', confidence: 'possible', line: 6 })
})
