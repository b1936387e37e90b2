import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scanInputs } from '../../../src/cli/inputs/scan-inputs.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

type Schema = Record<string, unknown>

function definition(versions: Record<string, Schema>, { storage = Object.keys(versions)[0] } = {}): string {
  return JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'engines.x.example' },
    spec: {
      group: 'x.example',
      names: { kind: 'Engine', plural: 'engines' },
      versions: Object.entries(versions).map(([name, spec]) => ({
        ...{ name, served: true, storage: name === storage },
        schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
      })),
    },
  })
}

const object = (properties: Record<string, Schema>, more: Schema = {}) => ({ type: 'object', properties, ...more })
const text = (value: string) => ({ type: 'string', default: value })
const engine = (spec: unknown, version = 'v1') =>
  JSON.stringify({ apiVersion: `x.example/${version}`, kind: 'Engine', metadata: { name: 'e' }, spec })

async function scan(documents: readonly string[]) {
  const file = join(await temporaryDirectory(), 'all.yaml')
  await writeFile(file, documents.join('\n---\n'))
  const { uses, findings } = await scanInputs([file])
  const ofEngine = uses.filter(({ workload }) => workload.kind === 'Engine')
  return { images: ofEngine.map(({ reference }) => reference), codes: findings.map(({ code }) => code) }
}

const IMAGE = object({ repository: text('quay.io/x/engine'), tag: { type: 'string' } })

test.for<[why: string, schema: Schema, spec: unknown, images: string[]]>([
  ['a tag of its own', object({ image: IMAGE }), { image: { tag: 'v2' } }, ['quay.io/x/engine:v2']],
  [
    'a repository with the version',
    object({ repository: text('quay.io/x/engine') }),
    { version: '2.1.0' },
    ['quay.io/x/engine:2.1.0'],
  ],
  [
    'an image with the version',
    object({ image: text('quay.io/x/engine') }),
    { version: '2.1.0' },
    ['quay.io/x/engine:2.1.0'],
  ],
  [
    'a base image with the version',
    object({ db: object({ baseImage: text('x/db') }) }),
    { version: 'v3', db: {} },
    ['x/db:v3'],
  ],
  ['a map that is not there', object({ image: IMAGE }), { other: 1 }, []],
  [
    'a map that is there by default',
    object({ image: { ...IMAGE, default: { tag: 'v5' } } }),
    {},
    ['quay.io/x/engine:v5'],
  ],
  [
    'an entry of a list',
    object({ parts: { type: 'array', items: object({ image: IMAGE }) } }),
    { parts: [{ image: { tag: 'a1' } }, { image: { tag: 'a2' } }] },
    ['quay.io/x/engine:a1', 'quay.io/x/engine:a2'],
  ],
  [
    'a value of a map',
    object({ parts: { type: 'object', additionalProperties: object({ image: IMAGE }) } }),
    { parts: { web: { image: { tag: 'b1' } } } },
    ['quay.io/x/engine:b1'],
  ],
  [
    'what the resource says itself',
    object({ image: IMAGE }),
    { image: { repository: 'x.io/own', tag: 'v2' } },
    ['x.io/own:v2'],
  ],
  [
    'a null, which is filled in',
    object({ image: IMAGE }),
    { image: { repository: null, tag: 'v2' } },
    ['quay.io/x/engine:v2'],
  ],
])('defaults complete %s, before and behind the resource', async ([, schema, spec, images]) => {
  const defined = definition({ v1: schema })
  expect((await scan([defined, engine(spec)])).images).toEqual(images)
  expect((await scan([engine(spec), defined])).images).toEqual(images)
})

test('each version has its own defaults; one that is not there has those of the stored one', async () => {
  const at = (repository: string) =>
    object({ image: object({ repository: text(repository), tag: { type: 'string' } }) })
  const defined = definition({ v1alpha1: at('quay.io/x/old'), v1: at('quay.io/x/new') }, { storage: 'v1' })
  const spec = { image: { tag: 'v2' } }
  expect((await scan([defined, engine(spec, 'v1alpha1')])).images).toEqual(['quay.io/x/old:v2'])
  expect((await scan([defined, engine(spec, 'v1')])).images).toEqual(['quay.io/x/new:v2'])
  expect((await scan([defined, engine(spec, 'v2')])).images).toEqual(['quay.io/x/new:v2'])
})

test('what the defaults name is no longer left to the operator, in either order', async () => {
  const defined = definition({ v1: object({ repository: text('quay.io/x/engine') }) })
  const resource = engine({ version: '2.1.0' })
  expect((await scan([resource])).codes).toEqual(['OPERATOR_CHOOSES'])
  expect((await scan([defined, resource])).codes).toEqual([])
  expect((await scan([resource, defined])).codes).toEqual([])
})

test('a repository that stands without a version is no image where it is used with one', async () => {
  const defined = definition({ v1: object({ image: text('quay.io/x/engine') }) })
  const file = join(await temporaryDirectory(), 'all.yaml')
  await writeFile(file, `${defined}\n---\n${engine({ version: '2.1.0' })}\n`)
  const { uses, unsure } = await scanInputs([file])
  expect(uses.map(({ reference }) => reference)).toEqual(['quay.io/x/engine:2.1.0'])
  expect(unsure.map(({ subject }) => subject)).toEqual(['quay.io/x/engine:latest'])
})

test('a pod that names no version is pulled all the same', async () => {
  const pod = (image: string) => `apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: "${image}"}]}\n`
  const file = join(await temporaryDirectory(), 'all.yaml')
  await writeFile(file, `${pod('x/y')}---\n${pod('x/y:2')}`)
  const { uses } = await scanInputs([file])
  expect(uses.map(({ reference }) => reference)).toEqual(['x/y', 'x/y:2'])
})
