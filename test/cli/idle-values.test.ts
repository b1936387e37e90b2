import { writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { idleValues } from '../../src/cli/inputs/deployed/idle-values.ts'
import { directoryWith } from '../support/temporary.ts'

test('values in the directory of a chart that are about images are said, where it is rendered without them', async () => {
  const chart = await directoryWith({
    'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\nannotations: {image: "a/b:1"}\n',
    'values.yaml': 'image: a/b:1\n',
    'values-prod.yaml': 'image: {tag: "2"}\n',
    'values-size.yaml': 'replicas: 3\n',
    'broken.yaml': 'image: {{ x }}\n',
    'manifest.yaml': 'apiVersion: v1\nkind: Pod\nspec: {containers: [{image: "a/b:1"}]}\n',
    'envs/test.yml': 'sidecar: {image: "a/c:1"}\n',
    'ci/values.yaml': 'image: a/b:3\n',
    'templates/x.yaml': 'image: a/b:4\n',
  })
  const told = await idleValues(chart)
  expect(told.map(({ code, file = '' }) => `${code} ${relative(chart, file)}`)).toEqual([
    ...['NOT_READ broken.yaml', 'NOT_READ envs/test.yml', 'NOT_READ values-prod.yaml'],
  ])
})

test('however many files of values a chart has, each is looked at, and one that cannot be read is said', async () => {
  const many = Array.from({ length: 150 }, (_, index) => [
    `envs/${String(index).padStart(3, '0')}.yaml`,
    'replicas: 3\n',
  ])
  const chart = await directoryWith({ ...Object.fromEntries(many), 'envs/z.yaml': 'image: {tag: "2"}\n' })
  await writeFile(join(chart, 'packed.yaml'), gzipSync('image: a/b:2\n'))
  const told = await idleValues(chart)
  expect(told.map(({ file = '' }) => relative(chart, file))).toEqual(['envs/z.yaml', 'packed.yaml'])
})
