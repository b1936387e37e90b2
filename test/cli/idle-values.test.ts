import { relative } from 'node:path'
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
