import { expect, test } from 'vitest'
import { fc, runs } from '../support/property.ts'
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
  [image('org: a, repo: b'), ['a/b:1']],
  [image('registry: x.io, org: a, image: b'), ['x.io/a/b:1']],
  ['{image: {name: a, newName: x.io/a/b, newTag: "1"}}', ['x.io/a/b:1']],
  ['{image: {name: nginx, newTag: "1"}}', ['nginx:1']],
  ['{image: {repository: x.io/a/b, ref: main}}', []],
  ['{image: {registry: x.io, repository: a/b, tags: ["1.2", 1.3]}}', ['x.io/a/b:1.2', 'x.io/a/b:1.3']],
  ['{images: [{repository: x.io/a/b, versions: ["1", "2"]}]}', ['x.io/a/b:1', 'x.io/a/b:2']],
  ['{WEB_IMAGE_REPO: x.io/a/b, WEB_IMAGE_VER: "1.2"}', ['x.io/a/b:1.2']],
  ['{imageSpec: {repo: x.io, path: a/b, version: "1"}}', ['x.io/a/b:1']],
  ['{registry: x.io, namespace: shop, repository: b, tag: "1"}', ['x.io/b:1']],
  ['{repoURL: "https://x.io/charts", name: a, version: "1.2"}', []],
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

const words = (text: string) => fc.constantFrom(...text.split(' '))
const ends = { path: 'a/b', project: 'a', version: '1.2' }

/** The words for each part: below a key for an image, and beside other things, where they have to say whose they are. */
const FAMILIES = [
  {
    holder: words('image imageSpec imageConfig imageSettings imageSource containerImage dockerImage'),
    registry: words(
      'registry registryUrl registryHost registryServer host server domain prefix hub repoUrl registryName',
    ),
    path: words('repository repo path image imageName imagePath name newName repoName repositoryName'),
    project: words('project org organization namespace owner group imageNamespace registryProject'),
    version: words('tag version newTag imageTag imageVersion tagName ref revision release'),
  },
  {
    holder: fc.constant(''),
    registry: words('registry registryUrl registryHost registryServer registryAddress imageRegistry dockerRegistry'),
    path: words('imagePath imageName image imageRepository imageRepo repository'),
    project: words('project imageNamespace imageProject imageOrg registryProject registryNamespace'),
    version: words('tag version imageTag imageVersion'),
  },
]

test.for(FAMILIES)('whatever the parts of an image are called, they are put together: %#', (names) => {
  const { holder, registry, path, project, version } = names
  const parts = fc.tuple(holder, registry, path, fc.option(project), version, words('x.io https://x.io'))
  fc.assert(
    fc.property(parts, ([holder, registry, path, project, version, host]) => {
      const below = project === null ? { [path]: ends.path } : { [project]: ends.project, [path]: 'b' }
      const map = { [registry]: host, ...below, [version]: ends.version }
      expect(found(JSON.stringify({ web: holder === '' ? map : { [holder]: map } }))).toEqual(['x.io/a/b:1.2'])
    }),
    { numRuns: runs(60) },
  )
})

test('names and versions of images are possible where a registry is around', () => {
  const values = '{imageRegistry: x.io/a, images: {web: "1.2", api: "v1.3", on: "yes"}}'
  const { uses } = scanText(`apiVersion: x.example/v1\nkind: Thing\nmetadata: {name: r}\nspec: ${values}\n`)
  const told = uses.map(({ reference, confidence }) => `${confidence} ${reference}`)
  expect(told).toEqual(['possible x.io/a/web:1.2', 'possible x.io/a/api:v1.3'])
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
