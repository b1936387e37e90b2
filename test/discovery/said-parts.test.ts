import { expect, test } from 'vitest'
import { scanText } from '../support/scan-text.ts'

const found = (values: string) =>
  scanText(`apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: r}\nspec: {values: ${values}}\n`)
    .uses.filter(({ confidence }) => confidence !== 'possible')
    .map(({ reference }) => reference)
const image = (parts: string) => `{image: {${parts}, tag: "1"}}`

test.for<[values: string, images: string[]]>([
  [image('registry: x.io, repository: a, name: b'), ['x.io/a/b:1']],
  [image('registry: x.io, org: a, name: b'), ['x.io/a/b:1']],
  [image('registry: x.io, organization: a, repository: b'), ['x.io/a/b:1']],
  [image('registry: x.io, project: a, repository: a/b'), ['x.io/a/b:1']],
  [image('registry: x.io, namespace: a, repository: b'), ['x.io/a/b:1']],
  [image('registry: x.io/a, repository: b'), ['x.io/a/b:1']],
  [image('prefix: x.io/a/, name: b'), ['x.io/a/b:1']],
  [image('path: x.io/a/b'), ['x.io/a/b:1']],
  [image('path: /etc/b, repository: x.io/a/b'), ['x.io/a/b:1']],
  ['{registry: x.io, namespace: shop, repository: b, tag: "1"}', ['x.io/b:1']],
])('parts of %s', ([values, images]) => {
  expect(found(values)).toEqual(images)
})

const OWN = 'registry: docker.io, repository: a/b'

test.for<[common: string, parts: string, images: string[]]>([
  ['global: {imageRegistry: x.io/y}', OWN, ['x.io/y/a/b:1']],
  ['global: {imageRegistry: x.io/y/}', 'repository: a/b', ['x.io/y/a/b:1']],
  ['global: {image: {registry: x.io}}', OWN, ['x.io/a/b:1']],
  ['global: {cattle: {systemDefaultRegistry: x.io}}', 'repository: a/b', ['x.io/a/b:1']],
  ['imageRegistry: x.io', OWN, ['docker.io/a/b:1']],
  ['imageRegistry: x.io', 'repository: a/b', ['x.io/a/b:1']],
  ['global: {imageRegistry: x.io}', 'registry: docker.io, org: a, repository: b', ['x.io/a/b:1']],
  ['global: {imageRegistry: x.io}', 'registry: docker.io, org: a, repository: b/c', ['x.io/a/b/c:1']],
  ['imageRegistry: x.io', 'name: a/b', ['x.io/a/b:1']],
  ['global: {imageRegistry: x.io}', 'repository: quay.io/a/b', ['quay.io/a/b:1']],
  ['global: {imageRegistry: ""}', OWN, ['docker.io/a/b:1']],
  ['global: {storageClass: x.io}', OWN, ['docker.io/a/b:1']],
])('the registry of all images, %s, before %s', ([common, parts, images]) => {
  expect(found(`{${common}, web: ${image(parts)}}`)).toEqual(images)
  expect(found(`{${common}, deep: {below: {web: ${image(parts)}}}}`)).toEqual(images)
})

test('a registry of all images that is filled in later leaves them open', () => {
  const { uses, findings } = scanText(
    'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: r}\n' +
      'spec: {values: {global: {imageRegistry: "${REGISTRY}"}, image: {repository: a/b, tag: "1"}}}\n',
  )
  expect(uses).toEqual([])
  expect(findings.map(({ code, message }) => [code, message.includes('"${REGISTRY}/a/b:1"')])).toContainEqual([
    'IMAGE_UNRESOLVED',
    true,
  ])
})

test.for(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'])(
  'the word %s of every object is a key, a kind and a group like any other',
  (word) => {
    const shapes = [`images: {${word}: "x.io/a.b"}`, `image: {${word}: a, tag: "1"}`, `${word}: {image: "x.io/a:1"}`]
    for (const shape of shapes) expect(() => found(`{${shape}}`)).not.toThrow()
    for (const apiVersion of [`${word}/v1`, 'v1', 'kubeadm.k8s.io/v1beta4', 'batch/v1', 'argoproj.io/v1alpha1']) {
      const text = `apiVersion: ${apiVersion}\nkind: ${word}\nmetadata: {name: x}\nspec: {image: "x.io/a:1"}\n`
      expect(scanText(text).uses.map(({ reference }) => reference)).toEqual(['x.io/a:1'])
    }
  },
)
