import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scanInputs } from '../../src/cli/inputs/scan-inputs.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const BASE = 'image: {repository: x.io/a/b, tag: "1.0"}'
const OVER = 'image: {tag: "2.0"}'
const of = (apiVersion: string, kind: string, spec: object, more: object = {}) =>
  JSON.stringify({ apiVersion, kind, metadata: { name: 'web', namespace: 'apps' }, ...(more ?? {}), spec })
const FLUX = 'helm.toolkit.fluxcd.io/v2'
const K3S = 'helm.cattle.io/v1'
const values = (kind: string, key: string, data = 'data') =>
  JSON.stringify({ apiVersion: 'v1', kind, metadata: { name: 'values', namespace: 'apps' }, [data]: { [key]: BASE } })
const application = (helm: object) => of('argoproj.io/v1alpha1', 'Application', { source: { chart: 'web', helm } })
const from = (kind: string, more: object = {}) => ({ valuesFrom: [{ kind, name: 'values', ...more }] })

async function images(documents: readonly string[]): Promise<string[]> {
  const file = join(await temporaryDirectory(), 'all.yaml')
  await writeFile(file, documents.join('\n---\n'))
  return (await scanInputs([file])).uses.map(({ image }) => image ?? '')
}

test.for<[what: string, documents: string[]]>([
  [
    'valuesFrom of a ConfigMap',
    [
      of(FLUX, 'HelmRelease', { ...from('ConfigMap'), values: { image: { tag: '2.0' } } }),
      values('ConfigMap', 'values.yaml'),
    ],
  ],
  [
    'valuesFrom that comes first',
    [
      values('Secret', 'values.yaml', 'stringData'),
      of(FLUX, 'HelmRelease', { ...from('Secret'), values: { image: { tag: '2.0' } } }),
    ],
  ],
  [
    'valuesFrom by a key',
    [
      values('ConfigMap', 'base.yaml'),
      of(FLUX, 'HelmRelease', { ...from('ConfigMap', { valuesKey: 'base.yaml' }), values: { image: { tag: '2.0' } } }),
    ],
  ],
  [
    'a HelmChartConfig',
    [of(K3S, 'HelmChart', { chart: 'web', valuesContent: BASE }), of(K3S, 'HelmChartConfig', { valuesContent: OVER })],
  ],
  ['set of a HelmChart', [of(K3S, 'HelmChart', { chart: 'web', valuesContent: BASE, set: { 'image.tag': '2.0' } })]],
  ['parameters of an Application', [application({ values: BASE, parameters: [{ name: 'image.tag', value: '2.0' }] })]],
  [
    'forced parameters',
    [
      application({
        valuesObject: { image: { repository: 'x.io/a/b', tag: '1.0' } },
        parameters: [{ name: 'image.tag', value: '2.0', forceString: true }],
      }),
    ],
  ],
])('an image that two layers of values make: %s', async ([, documents]) => {
  expect(await images(documents)).toContain('x.io/a/b:2.0')
})

test('values of one layer give each image once', async () => {
  expect(await images([of(K3S, 'HelmChart', { chart: 'web', valuesContent: BASE })])).toEqual(['x.io/a/b:1.0'])
})

test('a layer that is not here leaves what there is', async () => {
  const documents = [
    of(FLUX, 'HelmRelease', { ...from('ConfigMap'), values: { image: { repository: 'x.io/a/b', tag: '3.0' } } }),
  ]
  expect(await images(documents)).toEqual(['x.io/a/b:3.0'])
})

test('a target of a fleet.yaml has another tag', async () => {
  const value = (tag: string) => ({ helm: { values: { image: { repository: 'x.io/a/b', tag } } } })
  const target = { name: 'prod', helm: { values: { image: { tag: '2.0' } } } }
  const fleet = { ...value('1.0'), targetCustomizations: [target, { name: 'dev' }] }
  expect(await images([JSON.stringify(fleet)])).toEqual(['x.io/a/b:1.0', 'x.io/a/b:2.0'])
})
