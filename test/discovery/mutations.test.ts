import { expect, test } from 'vitest'
import { scanText } from '../support/scan-text.ts'

const ADMISSION = 'admissionregistration.k8s.io/v1beta1'
const GATEKEEPER = 'mutations.gatekeeper.sh/v1'
const IMAGE = 'r.example/team/app:1.2'

function scanned(apiVersion: string, kind: string, spec: object) {
  const { uses, findings } = scanText(JSON.stringify({ apiVersion, kind, metadata: { name: 'm' }, spec }))
  return {
    images: uses.map(({ reference, confidence }) => `${reference} ${confidence}`),
    codes: findings.map(({ code }) => code),
  }
}
const patch = (expression: string, more = {}) => ({
  ...more,
  mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
})
const apply = (expression: string) => ({
  mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }],
})
const container = (image: string) => `[Object.spec.initContainers{name: "x", image: ${image}}]`
const add = (image: string) => `[JSONPatch{op: "add", path: "/spec/initContainers", value: ${container(image)}}]`
const assign = (location: string, value: unknown) => ({ location, parameters: { assign: { value } } })

test.for<[what: string, apiVersion: string, kind: string, spec: object]>([
  ['a patch', ADMISSION, 'MutatingAdmissionPolicy', patch(add(`"${IMAGE}"`))],
  ['single quotes', ADMISSION, 'MutatingAdmissionPolicy', patch(add(`'${IMAGE}'`))],
  [
    'a map as value',
    ADMISSION,
    'MutatingAdmissionPolicy',
    patch(`[JSONPatch{value: {"name": "x", "image": "${IMAGE}"}}]`),
  ],
  [
    'a patch of the image itself',
    ADMISSION,
    'MutatingAdmissionPolicy',
    patch(`[JSONPatch{op: "replace", path: "/spec/containers/0/image", value: "${IMAGE}"}]`),
  ],
  [
    'lines',
    ADMISSION,
    'MutatingAdmissionPolicy',
    apply(
      `Object{\n  spec: Object.spec{\n    initContainers: [Object.spec.initContainers{\n      image: "${IMAGE}"\n    }]\n  }\n}`,
    ),
  ],
  [
    'a variable',
    ADMISSION,
    'MutatingAdmissionPolicy',
    patch(add('variables.sidecar'), { variables: [{ name: 'sidecar', expression: `'${IMAGE}'` }] }),
  ],
  ['a policy of Kyverno', 'policies.kyverno.io/v1alpha1', 'MutatingPolicy', patch(add(`"${IMAGE}"`))],
  ['an assigned image', GATEKEEPER, 'Assign', assign('spec.containers[name:*].image', IMAGE)],
  ['an assigned container', GATEKEEPER, 'Assign', assign('spec.initContainers', [{ name: 'x', image: IMAGE }])],
  [
    'assigned parts',
    GATEKEEPER,
    'AssignImage',
    { parameters: { assignDomain: 'r.example', assignPath: 'team/app', assignTag: ':1.2' } },
  ],
])('%s of a policy names its image', ([, apiVersion, kind, spec]) => {
  const { images, codes } = scanned(apiVersion, kind, spec)
  expect(images).toContain(`${IMAGE} likely`)
  expect(codes).toEqual([])
})

test.for<[what: string, apiVersion: string, kind: string, spec: object]>([
  ['a sum', ADMISSION, 'MutatingAdmissionPolicy', patch(add('"r.example/" + object.metadata.name'))],
  ['a sum that begins whole', ADMISSION, 'MutatingAdmissionPolicy', patch(add('"r.example/a:1" + params.suffix'))],
  ['an unknown variable', ADMISSION, 'MutatingAdmissionPolicy', patch(add('variables.sidecar'))],
  ['a parameter', ADMISSION, 'MutatingAdmissionPolicy', patch(add('params.spec.sidecar'))],
  ['an image from metadata', GATEKEEPER, 'Assign', { location: 'spec.containers[name:*].image', parameters: {} }],
  ['a part', GATEKEEPER, 'AssignImage', { parameters: { assignDomain: 'mirror.example' } }],
])('%s of a policy is told as not known', ([, apiVersion, kind, spec]) => {
  expect(scanned(apiVersion, kind, spec).codes).toEqual(['OPERATOR_CHOOSES'])
})

test.for<[what: string, apiVersion: string, kind: string, spec: object]>([
  [
    'a policy of pulling',
    ADMISSION,
    'MutatingAdmissionPolicy',
    patch('[JSONPatch{value: {"imagePullPolicy": "Never"}}]'),
  ],
  ['a label', ADMISSION, 'MutatingAdmissionPolicy', apply('Object{metadata: Object.metadata{labels: {"a": "b"}}}')],
  ['an assigned policy', GATEKEEPER, 'Assign', assign('spec.containers[name:*].imagePullPolicy', 'Never')],
  ['assigned metadata', GATEKEEPER, 'AssignMetadata', assign('metadata.labels.a', 'x')],
])('%s of a policy is no image', ([, apiVersion, kind, spec]) => {
  expect(scanned(apiVersion, kind, spec)).toEqual({ images: [], codes: [] })
})
