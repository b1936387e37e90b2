import { expect, test } from 'vitest'
import { mayNameImages } from '../../src/discovery/classify/exclusions.ts'
import { scanText } from '../support/scan-text.ts'

const found = (text: string) =>
  scanText(text)
    .uses.filter(({ confidence }) => confidence !== 'possible')
    .map(({ reference }) => reference)

const of = (apiVersion: string, kind: string, spec: string) =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x}\nspec: ${spec}\n`

test.for<[apiVersion: string, kind: string, spec: string, images: string[]]>([
  ['v1', 'Service', '{image: "x/y:1"}', []],
  ['serving.knative.dev/v1', 'Service', '{template: {spec: {containers: [{image: "x/y:1"}]}}}', ['x/y:1']],
  ['x.example/v1', 'Event', '{image: "x/y:1"}', ['x/y:1']],
  ['x.example/v1', 'Node', '{image: "x/y:1"}', ['x/y:1']],
  ['networking.k8s.io/v1', 'Ingress', '{image: "x/y:1"}', []],
  ['x.example/v1', 'Ingress', '{image: "x/y:1"}', ['x/y:1']],
  ['policies.kubewarden.io/v1', 'PolicyServer', '{image: "x/y:1"}', ['x/y:1']],
  [
    'policies.kubewarden.io/v1',
    'AdmissionPolicy',
    '{module: "registry://x/y:1", settings: {images: ["x/z:1"]}}',
    ['x/y:1'],
  ],
  ['policies.kubewarden.io/v1', 'AdmissionPolicy', '{settings: {images: ["x/y:1"]}}', []],
  ['rbac.authorization.k8s.io/v1', 'ClusterRole', '{image: "x/y:1"}', []],
  ['aquasecurity.github.io/v1alpha1', 'VulnerabilityReport', '{image: "x/y:1"}', []],
  ['x.example/v1', 'CustomResourceDefinition', '{image: "x/y:1"}', ['x/y:1']],
  [
    'x.example/v1',
    'T',
    '{output: {image: {repository: x/y, tag: "1"}}, outputs: [{image: "x/z:1"}]}',
    ['x/y:1', 'x/z:1'],
  ],
  ['x.example/v1', 'T', '{output: {image: "x/y:1", replicas: 2}}', ['x/y:1']],
  ['x.example/v1', 'T', '{source: {url: a}, output: {image: "x/y:1", replicas: 2}}', []],
  [
    'x.example/v1',
    'T',
    '{affinity: {operator: {image: "x/y:1"}}, labels: {side: {image: "x/z:1"}}}',
    ['x/y:1', 'x/z:1'],
  ],
  ['x.example/v1', 'T', '{signed: {images: [{glob: "r.example/x/y:1"}]}}', []],
  ['x.example/v1', 'DailyReport', '{image: "x/y:1"}', ['x/y:1']],
  ['kustomize.config.k8s.io/v1beta1', 'Kustomization', '{image: "x/y:1"}', []],
  ['kustomize.toolkit.fluxcd.io/v1', 'Kustomization', '{images: [{name: x/y, newTag: "2"}]}', ['x/y:2']],
  ['kustomize.toolkit.fluxcd.io/v1', 'Kustomization', '{images: [{name: x/y, newName: z/y, newTag: "2"}]}', ['z/y:2']],
  ['kustomize.toolkit.fluxcd.io/v1', 'Kustomization', '{images: [{name: x/y, newName: z/y}]}', []],
])('%s %s with %s', ([apiVersion, kind, spec, images]) => {
  const text = of(apiVersion, kind, spec)
  expect(found(text)).toEqual(images)
  // What is told without parsing agrees, and where it is an item of a list it is the same.
  if (images.length > 0) expect(mayNameImages(text)).toBe(true)
  expect(
    found(`apiVersion: v1\nkind: List\nitems:\n${text.replace(/^/gm, '  ').replace('  ', '- ').trimEnd()}\n`),
  ).toEqual(images)
})

const POD_KEYS =
  'livenessProbe readinessProbe startupProbe ports affinity status labels nodeSelector selector tolerations'

test.for<[key: string]>(POD_KEYS.split(' ').map((key): [string] => [key]))('a component that is called %s', ([key]) => {
  const split = `{values: {side: {${key}: {repository: x/y, tag: v1}}}}`
  expect(found(of('helm.toolkit.fluxcd.io/v2', 'HelmRelease', split))).toEqual(['x/y:v1'])
  const nested = `{values: {${key}: {image: {repository: x/y, tag: v1}}}}`
  expect(found(of('helm.toolkit.fluxcd.io/v2', 'HelmRelease', nested))).toEqual(['x/y:v1'])
})

test('what a resource says that it was is no image', () => {
  expect(
    found('apiVersion: x.example/v1\nkind: Engine\nstatus: {image: "x/y:1", a: {image: {repository: x/z, tag: v1}}}\n'),
  ).toEqual([])
})

test.for<[text: string, images: string[]]>([
  ['image-list.txt: "x/a:1\\nx/b:2\\n"', ['x/a:1', 'x/b:2']],
  ['IMAGES_LIST: "x/a:1,x/b:2"', ['x/a:1', 'x/b:2']],
  ['PUSH_GATEWAY_IMAGE: x/y:1', ['x/y:1']],
  ['OUTPUT_GATEWAY_IMAGE: x/y:1', ['x/y:1']],
  ['PUSH_IMAGE: x/y:1', []],
  ['IMAGE_DESTINATION: x/y:1', []],
  ['a.cfg: "[k]\\na_repository = x/y\\na_tag = 2.9.1\\n"', ['x/y:2.9.1']],
  ['a.conf: "a.container.image x/y:3.5\\n"', ['x/y:3.5']],
  ['a.conf: "a.container.name x/y:3.5\\n"', []],
  ['a.conf: "a.image.repository x/y\\na.image.tag 4.4\\n"', ['x/y:4.4']],
  ['a.txt: "image repository moved\\nto x/y:1 today\\n"', []],
  ['a.env: "ARGS=\\"--infra-image=x/y:3.8\\"\\n"', ['x/y:3.8']],
  ['a.env: "ARGS=\\"--v=2 --infra-image=x/y:3.8 --z=1\\"\\n"', ['x/y:3.8']],
])('%s', ([text, images]) => {
  expect(found(`apiVersion: v1\nkind: ConfigMap\ndata:\n  ${text}\n`)).toEqual(images)
})

test.for<[why: string, text: string]>([
  ['checks of a package', of('scorecard.operatorframework.io/v1alpha3', 'Configuration', '{image: "quay.io/x/y:1"}')],
  ['a sample of a console', of('console.openshift.io/v1', 'ConsoleSample', '{source: {image: "quay.io/x/y:1"}}')],
  ['a package', of('packages.operators.coreos.com/v1', 'PackageManifest', '{image: "quay.io/x/y:1"}')],
  ['a catalog', 'schema: olm.bundle\nimage: quay.io/x/y:1\nrelatedImages: [{image: "quay.io/x/y:1"}]\n'],
])('%s gives no image above possible, and it is told', ([, text]) => {
  const { uses } = scanText(text)
  expect(uses.length).toBeGreaterThan(0)
  expect(uses.every(({ confidence }) => confidence === 'possible')).toBe(true)
})

test.for<[apiVersion: string, kind: string, spec: string]>([
  ['config.openshift.io/v1', 'ClusterImagePolicy', '{scopes: ["quay.io/x/y:1"]}'],
  ['policies.kyverno.io/v1', 'ImageValidatingPolicy', '{matchImageReferences: [{glob: "quay.io/x/y:1"}]}'],
])('%s %s only compares', ([apiVersion, kind, spec]) => {
  expect(scanText(of(apiVersion, kind, spec)).uses).toEqual([])
})

test.for<[values: string, images: string[]]>([
  ['{livenessProbe: {enabled: true, side: {image: {repository: x/y, tag: v1}}}}', ['x/y:v1']],
  ['{probes: {startupProbe: {images: ["x/y:1"]}}}', ['x/y:1']],
  ['{image: {repository: x/y, tag: v1}, livenessProbe: {exec: {command: [run, --image=x/z:1]}}}', ['x/y:v1']],
])('a probe is skipped in containers only: %s', ([values, images]) => {
  expect(found(of('helm.toolkit.fluxcd.io/v2', 'HelmRelease', `{values: ${values}}`))).toEqual(images)
})

test.for<[what: string, text: string]>([
  ['labels', 'apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {image: "x/y:1"}}\nspec: {containers: []}\n'],
  ['a selector', 'apiVersion: x.example/v1\nkind: T\nspec: {selector: {image: web, app: "x/y"}}\n'],
  ['a node selector', 'apiVersion: x.example/v1\nkind: T\nspec: {nodeSelector: {image: "x/y"}}\n'],
  ['what is built', 'apiVersion: x.example/v1\nkind: T\nspec: {output: {image: "r.example/x/y:1"}}\n'],
])('%s name no image', ([, text]) => {
  expect(found(text)).toEqual([])
})
