import { expect, test } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { resourcesOf } from '../../src/kubernetes/objects/resource.ts'
import { type Workload, workloadOf } from '../../src/kubernetes/objects/workload.ts'
import { placeOfWorkload } from '../../src/kubernetes/places/pod-places.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { kustomizeComponent } from '../../src/seed/patch/kustomize-component.ts'
import { podEdits } from '../../src/seed/patch/pod-edit.ts'
import { selectNodes } from '../../src/seed/patch/workload-patch.ts'
import { imagesByName, workloadImages } from '../../src/seed/placement/workload-images.ts'
import { placementOf } from '../../src/seed/recorded-selectors.ts'

const LABEL = { key: 'shop.nodeseed.dev/0123456789abcdef', value: 'seeded' }

function image(repository: string, architectures: string[]): LockedImage {
  const target = { mediaType: OCI_INDEX, digest: digestOf(repository), size: 1 }
  const platforms = architectures.map((architecture) => ({
    platform: { os: 'linux', architecture },
    manifest: { mediaType: OCI_MANIFEST, digest: digestOf(`${repository} ${architecture}`), size: 1 },
    config: { mediaType: OCI_CONFIG, digest: digestOf(`${repository} ${architecture} config`), size: 1 },
    layers: [],
  }))
  return { reference: repository, names: [`${repository}:1`, `${repository}@${target.digest}`], target, platforms }
}

const BOTH = image('registry.example/both', ['amd64', 'arm64'])
const AMD = image('registry.example/amd', ['amd64'])
const ARM = image('registry.example/arm', ['arm64'])

function workload(
  images: string[],
  { kind = 'Deployment', apiVersion = 'apps/v1', name = 'web', selector = '{}' } = {},
): Workload {
  const containers = images.map((text, index) => `{name: c${index}, image: "${text}"}`).join(', ')
  const podSpec = `{nodeSelector: ${selector}, containers: [${containers}]}`
  const spec = kind === 'Pod' ? podSpec : `{template: {spec: ${podSpec}}}`
  const text = `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: "${name}", namespace: shop}\nspec: ${spec}\n`
  const [found] = readAllDocuments(text, 'shop.yaml')
    .flatMap(resourcesOf)
    .flatMap((resource) => workloadOf(resource) ?? [])
  return found!
}

const BY_NAME = imagesByName([BOTH, AMD, ARM])

function select(...args: Parameters<typeof workload>) {
  const one = workload(...args)
  return selectNodes(one, workloadImages(one, BY_NAME), LABEL)
}

function component(...patches: ReturnType<typeof select>[]) {
  return kustomizeComponent(
    patches.map(({ workload, nodeSelector }) => {
      const place = placeOfWorkload(workload)
      return { place, edits: podEdits(place, { nodeSelector }).edits }
    }),
  )
}

test.for<[images: string[], arch: string | undefined]>([
  [['registry.example/both:1'], undefined],
  [['registry.example/amd:1'], 'amd64'],
  [['registry.example/both:1', 'registry.example/arm:1'], 'arm64'],
  [[`registry.example/amd@${AMD.target.digest}`], 'amd64'],
  [[`registry.example/amd:other@${AMD.target.digest}`], 'amd64'],
])('a workload of %o needs architecture %s', ([images, arch]) => {
  const { nodeSelector, findings } = select(images)
  expect(findings).toEqual([])
  expect(nodeSelector).toEqual({ ...(arch && { 'kubernetes.io/arch': arch }), [LABEL.key]: 'seeded' })
})

test.for<[why: string, images: string[], selector: string, code: string]>([
  ['an image that the bundle lacks', ['registry.example/both:1', 'busybox'], '{}', 'IMAGE_NOT_IN_BUNDLE'],
  [
    'images that run nowhere together',
    ['registry.example/amd:1', 'registry.example/arm:1'],
    '{}',
    'NO_COMMON_ARCHITECTURE',
  ],
  [
    'a selector for another architecture',
    ['registry.example/amd:1'],
    '{kubernetes.io/arch: arm64}',
    'SELECTOR_CONFLICT',
  ],
])('%s is a finding', ([, images, selector, code]) => {
  expect(select(images, { selector }).findings).toMatchObject([{ code, file: 'shop.yaml', line: 1 }])
})

test('a workload of which the bundle holds nothing is left as it is', () => {
  const patch = select(['busybox'])
  expect(patch).toMatchObject({ nodeSelector: {}, findings: [{ code: 'IMAGE_NOT_IN_BUNDLE' }] })
  expect(component(patch).files).toHaveLength(1)
})

test.for<[why: string, name: string, path: string]>([
  ['a path in a name', '../../etc/passwd', 'deployment-shop-..-..-etc-passwd.yaml'],
  ['line breaks and quotes', 'a\\n\\"b', 'deployment-shop-a--b.yaml'],
])('%s stays inside the directory', ([, name, path]) => {
  const { files } = component(select(['registry.example/both:1'], { name }))
  expect(files.map((file) => file.path)).toEqual(['kustomization.yaml', path])
})

test('workloads of one name in two groups each have their patch; a Pod is said to be immutable later', () => {
  const images = ['registry.example/both:1']
  const { files, findings } = component(
    select(images),
    select(images),
    select(images, { apiVersion: 'extensions/v1beta1' }),
    select(images, { kind: 'Pod', apiVersion: 'v1' }),
  )
  expect(files.map(({ path }) => path)).toEqual([
    'kustomization.yaml',
    'deployment-shop-web.yaml',
    'deployment-shop-web-2.yaml',
    'pod-shop-web.yaml',
  ])
  expect(findings).toMatchObject([{ code: 'IMMUTABLE_ONCE_CREATED', severity: 'info' }])
})

const SETS = [
  { digest: '0123456789abcdef', label: LABEL.key, images: AMD.names },
  { digest: 'fedcba9876543210', label: 'shop.nodeseed.dev/fedcba9876543210', images: BOTH.names },
]

test.for<[what: string, images: string[], unheld: string[], sets?: unknown[]]>([
  ['all that it has', ['registry.example/amd:1', `registry.example/amd:1@${AMD.target.digest}`], []],
  ['one that seed did not see', ['registry.example/amd:1', 'registry.example/amd:2'], ['registry.example/amd:2']],
  ['one of another set', ['registry.example/both:1'], ['registry.example/both:1']],
  ['one that is to be filled in', ['$' + '{IMAGE}'], ['$' + '{IMAGE}']],
  ['nobody knows what', ['registry.example/amd:2'], [], []],
])('nodes with the selector of a placement hold %s', ([, images, unheld, sets = SETS]) => {
  const { resource } = workload(images)
  const { apiVersion, kind, namespace, name } = resource
  const nodeSelector = { [LABEL.key]: LABEL.value }
  const place = placeOfWorkload(workload(images))
  const placed = placementOf({ workloads: [{ apiVersion, kind, namespace, name, nodeSelector }], sets } as never)(place)
  expect(placed).toEqual({ nodeSelector, unheld })
  const { edits, refusals } = podEdits(place, placed)
  expect(edits.map(({ what }) => what)).toEqual(['nodeSelector'])
  expect(refusals.map(({ code, problem }) => [code, problem])).toEqual(
    unheld.map((image) => ['NOT_IN_PLACEMENT', `the placement does not say that its nodes hold ${image}`]),
  )
})
