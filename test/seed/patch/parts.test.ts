import { expect, test } from 'vitest'
import { patched } from '../../support/patched.ts'

const LABEL = 'shop.nodeseed.dev/0123456789abcdef'
const SELECTOR = { nodeSelector: { [LABEL]: 'seeded', 'kubernetes.io/arch': 'amd64' } }
const pod = (spec: string): string => `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n${spec}`
const CONTAINERS = '  containers:\n  - name: a\n    image: x.example/a:latest\n'

/** One part that cannot be set, what is said of it, and what is set all the same. */
test.for<[what: string, text: string, said: string, set: string[], options: object]>([
  [
    'a selector for another architecture',
    pod(`  nodeSelector: {kubernetes.io/arch: arm64}\n${CONTAINERS}`),
    'SELECTOR_CONFLICT Pod p: it selects nodes by kubernetes.io/arch=arm64, and its images need kubernetes.io/arch=amd64: nodeSelector stays as it is',
    ['imagePullPolicy: Never'],
    {},
  ],
  [
    'a selector that is a text',
    pod(`  nodeSelector: ssd\n${CONTAINERS}`),
    'NOT_PATCHABLE Pod p: nodeSelector left as it is: nodeSelector is no map',
    ['imagePullPolicy: Never'],
    {},
  ],
  [
    'a selector that is nothing, and says so by a tag',
    pod(`  nodeSelector: !!null\n${CONTAINERS}`),
    'NOT_PATCHABLE Pod p: nodeSelector left as it is: nodeSelector has a tag of another type',
    ['imagePullPolicy: Never'],
    {},
  ],
  [
    'a workload that the placement does not know',
    pod(CONTAINERS),
    'NOT_IN_PLACEMENT Pod p: seed did not see it',
    ['imagePullPolicy: Never'],
    { nodeSelector: 'seed did not see it' },
  ],
  [
    'an image that the lock does not know',
    pod(CONTAINERS),
    'IMAGE_NOT_IN_BUNDLE Pod p: container a: x.example/a:latest is not in the lock, so it has no digest to be pinned to',
    ['imagePullPolicy: Never', `${LABEL}: seeded`],
    { pins: new Map() },
  ],
  [
    'a policy that others share',
    pod(
      '  containers:\n  - name: a\n    image: x.example/a:latest\n    imagePullPolicy: &p Always\n    env: [{name: P, value: *p}]\n',
    ),
    'NOT_PATCHABLE Pod p: imagePullPolicy of container a left as it is: an alias shares this part with others',
    [`${LABEL}: seeded`],
    {},
  ],
  [
    'a policy above a merge key that brings it',
    `x: &c {imagePullPolicy: Always}\n${pod('  containers:\n  - name: a\n    image: x.example/a:latest\n    imagePullPolicy: IfNotPresent\n    <<: *c\n')}`,
    'NOT_PATCHABLE Pod p: imagePullPolicy of container a left as it is: a merge key below imagePullPolicy overrides it',
    [`${LABEL}: seeded`],
    {},
  ],
])('%s is said, and the other parts are set', ([, text, said, set, options]) => {
  const { text: after, findings } = patched(text, { ...SELECTOR, policy: 'Never', ...options })
  expect(findings.map(({ code, message }) => `${code} ${message}`)).toEqual([said])
  for (const part of set) expect(after).toContain(part)
})

test('what a placeholder stands for may be latest: its policy is written down', () => {
  const text = pod(CONTAINERS.replace('x.example/a:latest', '"${IMAGE}"'))
  expect(patched(text, { policy: 'IfNotPresent' }).text).toContain('imagePullPolicy: IfNotPresent')
})

test('an anchor whose every user is changed is changed too', () => {
  const text = `apiVersion: v1\nkind: List\nitems:\n${['a', 'b']
    .map(
      (name, index) =>
        `- apiVersion: v1\n  kind: Pod\n  metadata: {name: ${name}}\n  spec:\n    nodeSelector: ${index === 0 ? '&s {disk: ssd}' : '*s'}\n    containers: [{name: a, image: "x.example/a:1"}]\n`,
    )
    .join('')}`
  const { text: after, findings } = patched(text, { nodeSelector: { [LABEL]: 'seeded' } })
  expect(findings).toEqual([])
  expect(after).toContain(`nodeSelector: &s {${LABEL}: seeded, disk: ssd}`)
  expect(after).toContain(`nodeSelector: {disk: ssd, ${LABEL}: seeded}`)
})
