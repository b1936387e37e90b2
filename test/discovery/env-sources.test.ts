import { expect, test } from 'vitest'
import { EnvSources } from '../../src/discovery/collect/env-sources.ts'
import { readAllDocuments } from '../../src/kubernetes/documents/document.ts'
import { resourcesOf } from '../../src/kubernetes/objects/resource.ts'

const configMap = (data: object, name = 'cm', namespace?: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
})
const secret = (held: object) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, ...held })
const deployment = (container: object, namespace?: string) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'op', namespace },
  spec: {
    template: {
      metadata: { annotations: { side: 'r.example/side:1' }, labels: { tag: 'v1' } },
      spec: { containers: [{ name: 'c', image: 'x', ...container }] },
    },
  },
})
const from = (name: string, valueFrom: object) => deployment({ env: [{ name, valueFrom }] })
const key = (name: string, at: string) => ({ configMapKeyRef: { name, key: at } })
const IMAGE = 'r.example/worker:2'

function settle(objects: object[], isWhole = true) {
  const sources = new EnvSources()
  for (const object of objects) {
    for (const resource of readAllDocuments(JSON.stringify(object), 'in.yaml').flatMap(resourcesOf))
      sources.note(resource)
  }
  return sources.settle({ isWhole })
}

function settled(objects: object[], isWhole = true) {
  const { uses, findings } = settle(objects, isWhole)
  return { images: uses.map(({ reference }) => reference), said: findings.map(({ message }) => message) }
}

test.for<[what: string, objects: object[], image?: string]>([
  ['a ConfigMap', [from('WORKER_IMAGE', key('cm', 'w')), configMap({ w: IMAGE })]],
  ['a ConfigMap before it', [configMap({ w: `${IMAGE}\n` }), from('WORKER_IMAGE', key('cm', 'w'))]],
  ['a variable of any name', [from('WORKER', key('cm', 'w')), configMap({ w: IMAGE })]],
  ['a Secret', [from('W_IMAGE', { secretKeyRef: { name: 's', key: 'w' } }), secret({ stringData: { w: IMAGE } })]],
  [
    'a Secret in base64',
    [
      from('W_IMAGE', { secretKeyRef: { name: 's', key: 'w' } }),
      secret({ data: { w: Buffer.from(IMAGE).toString('base64') } }),
    ],
  ],
  ['all of a ConfigMap', [deployment({ envFrom: [{ configMapRef: { name: 'cm' } }] }), configMap({ W_IMAGE: IMAGE })]],
  ['an annotation', [from('S_IMAGE', { fieldRef: { fieldPath: "metadata.annotations['side']" } })], 'r.example/side:1'],
  [
    'a custom resource',
    [
      { apiVersion: 'x.example/v1', kind: 'App', spec: { env: [{ name: 'W', valueFrom: key('cm', 'w') }] } },
      configMap({ w: IMAGE }),
    ],
  ],
])('a variable has its image from %s', ([, objects, image = IMAGE]) => {
  expect(settled(objects)).toEqual({ images: [image], said: [] })
})

test.for<[what: string, objects: object[], said: string]>([
  [
    'a ConfigMap elsewhere',
    [from('W_IMAGE', key('cm', 'w'))],
    'its variable W_IMAGE is from ConfigMap cm, which is not among the inputs',
  ],
  [
    'a key that is not there',
    [from('W_IMAGE', key('cm', 'w')), configMap({})],
    'from ConfigMap cm, which names no image in w',
  ],
  [
    'a text that is no image',
    [from('W_IMAGE', key('cm', 'w')), configMap({ w: 'Not an image' })],
    'names no image in w',
  ],
  [
    'another namespace',
    [deployment({ env: [{ name: 'W_IMAGE', valueFrom: key('cm', 'w') }] }, 'a'), configMap({ w: IMAGE }, 'cm', 'b')],
    'not among the inputs',
  ],
  ['a Secret elsewhere', [from('RELATED_IMAGE_X', { secretKeyRef: { name: 's', key: 'w' } })], 'from Secret s'],
  ['a tag elsewhere', [from('WORKER_IMAGE_TAG', key('cm', 'w'))], 'from ConfigMap cm'],
  [
    'a field',
    [from('W_IMAGE', { fieldRef: { fieldPath: 'metadata.name' } })],
    'from the field metadata.name, which is not known',
  ],
  [
    'all variables elsewhere',
    [deployment({ envFrom: [{ secretRef: { name: 's' } }] })],
    'its variables from Secret s are not read',
  ],
])('a variable whose image is not known is said: %s', ([, objects, said]) => {
  expect(settled(objects)).toEqual({ images: [], said: [expect.stringContaining(said)] })
})

test.for<[what: string, objects: object[]]>([
  ['a password', [from('PASSWORD', { secretKeyRef: { name: 'db', key: 'p' } })]],
  ['the policy of an image', [from('IMAGE_PULL_POLICY', key('cm', 'p'))]],
  [
    'settings that are there',
    [deployment({ envFrom: [{ configMapRef: { name: 'cm' } }] }), configMap({ LOG: 'debug' })],
  ],
  ['a plain variable', [deployment({ env: [{ name: 'W_IMAGE', value: IMAGE }] })]],
])('nothing is said of %s', ([, objects]) => {
  expect(settled(objects)).toEqual({ images: [], said: [] })
})

test.for([
  [{ secretRef: { name: 's' } }, 'Secret s'],
  [{ secretRef: { name: 's', optional: true } }, 'Secret s'],
  [{ configMapRef: { name: 's' }, prefix: 'W_' }, 'ConfigMap s'],
] as const)('all variables elsewhere are good to know, and count as nothing left out: %j', ([source, subject]) => {
  const [found] = settle([deployment({ envFrom: [source] })]).findings
  expect(found).toMatchObject({ code: 'ENV_SOURCE_ELSEWHERE', severity: 'info', subject })
})

test('what was never read whole lacks no variables, and names that are images still', () => {
  expect(settled([deployment({ envFrom: [{ secretRef: { name: 's' } }] })], false).said).toEqual([])
  expect(settled([from('W_IMAGE', key('cm', 'w'))], false).said).toHaveLength(1)
})
