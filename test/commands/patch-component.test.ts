import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { runCli } from '../support/cli.ts'
import { runTool, testWith } from '../support/debian.ts'
import type { Blobs } from '../support/image-maker.ts'
import { shopImages } from '../support/shop-images.ts'
import { directoryWith } from '../support/temporary.ts'

const DEPLOYMENT = (name: string, namespace = '') => `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}${namespace && `, namespace: ${namespace}`}}
spec: {template: {spec: {containers: [{name: a, image: "x.example/a:latest"}, {name: b, image: "x.example/b:1"}]}}}
`
const VOLUME = `apiVersion: v1
kind: Pod
metadata: {name: pod}
spec:
  containers: [{name: a, image: "x.example/a:1"}]
  volumes: [{name: v, image: {reference: "x.example/v:1"}}, {name: w, emptyDir: {}}]
`
const ROLLOUT = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: ro}
spec: {template: {spec: {containers: [{name: a, image: "x.example/a:1"}, {name: b, image: "x.example/b:latest"}]}}}
`
const BASE = {
  'base/d.yaml': DEPLOYMENT('web.a'),
  'base/p.yaml': VOLUME,
  'base/r.yaml': ROLLOUT,
  'base/kustomization.yaml': 'resources: [d.yaml, p.yaml, r.yaml]\n',
}
const FILES = ['base/d.yaml', 'base/p.yaml', 'base/r.yaml']
const PREFIXED = 'resources: [../base]\nnamespace: prod\nnamePrefix: pre-\n'
const LABELLER = `apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches: [{patch: '[{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}]', target: {kind: Deployment}}]
`

interface Layout {
  readonly inputs: readonly string[]
  readonly top: string
  readonly more?: Readonly<Record<string, string>>
  readonly names: readonly string[]
}

/** What is patched, and the kustomization in which the component then stands. */
const LAYOUTS: Record<string, Layout> = {
  'of files, in an overlay': {
    inputs: FILES,
    top: 'resources: [../base]\ncomponents: [../offline]\n',
    names: ['web.a', 'pod', 'ro'],
  },
  'of files, in an overlay with a namespace, a prefix and a suffix': {
    inputs: FILES,
    top: 'resources: [../base]\ncomponents: [../offline]\nnamespace: prod\nnamePrefix: pre-\nnameSuffix: -x\n',
    names: ['pre-web.a-x', 'pre-pod-x', 'pre-ro-x'],
  },
  'of files, above an overlay with a namespace and a prefix': {
    inputs: FILES,
    more: { 'middle/kustomization.yaml': PREFIXED },
    top: 'resources: [../middle]\ncomponents: [../offline]\nnamespace: other\n',
    names: ['pre-web.a', 'pre-pod', 'pre-ro'],
  },
  'of an overlay, inside of it': {
    inputs: ['middle'],
    more: { 'middle/kustomization.yaml': PREFIXED },
    top: `${PREFIXED}components: [../offline]\n`,
    names: ['pre-web.a', 'pre-pod', 'pre-ro'],
  },
  'of an overlay, above it': {
    inputs: ['middle'],
    more: { 'middle/kustomization.yaml': PREFIXED },
    top: 'resources: [../middle]\ncomponents: [../offline]\nnameSuffix: -x\n',
    names: ['pre-web.a-x', 'pre-pod-x', 'pre-ro-x'],
  },
  'of files, with some of the workloads and before another component': {
    inputs: FILES,
    more: {
      'other/kustomization.yaml': LABELLER,
      'some/kustomization.yaml': 'resources: [d.yaml]\n',
      'some/d.yaml': DEPLOYMENT('web.a'),
    },
    top: 'components: [../offline, ../other]\nresources: [../some]\n',
    names: ['web.a'],
  },
}

testWith(['kubectl']).for(Object.entries(LAYOUTS))('a component %s patches what is there', async ([, layout]) => {
  const { top, more = {}, inputs, names } = layout
  const directory = await directoryWith({ ...BASE, ...more, 'top/kustomization.yaml': top })
  const paths = inputs.map((name) => join(directory, name))
  const answer = await runCli(['patch', ...paths, '--policy', 'Never', '-o', join(directory, 'offline')])
  expect(answer).toMatchObject({ exitCode: 0 })
  const { stdout } = await runTool('kubectl', ['kustomize', join(directory, 'top')])
  const found = parseAllDocuments(stdout).map((document) => document.toJS())
  expect(found.map(({ metadata }) => metadata.name).sort()).toEqual(names.toSorted())
  for (const { kind, spec } of found) {
    const pod = kind === 'Pod' ? spec : spec.template.spec
    expect(pod.containers.map((one: object) => Object.entries(one).sort())).toEqual(
      (kind === 'Pod' ? ['a'] : ['a', 'b']).map((name) => [
        ['image', expect.stringMatching(`^x.example/${name}:`)],
        ['imagePullPolicy', 'Never'],
        ['name', name],
      ]),
    )
    if (kind === 'Pod') expect(pod.volumes[0].image).toEqual({ pullPolicy: 'Never', reference: 'x.example/v:1' })
  }
})

testWith(['kubectl'])('workloads of one name in two namespaces have each their own', async () => {
  const directory = await directoryWith({
    'base/kustomization.yaml': 'resources: [a.yaml]\n',
    'base/a.yaml': `${DEPLOYMENT('web', 'one')}---\n${DEPLOYMENT('web', 'two').replace('x.example/a:latest', 'x.example/a:2')}`,
    'top/kustomization.yaml': 'resources: [../base]\ncomponents: [../offline]\n',
  })
  const run = ['patch', join(directory, 'base/a.yaml'), '--policy', 'IfNotPresent', '-o', join(directory, 'offline')]
  expect(await runCli(run)).toMatchObject({ exitCode: 0 })
  const { stdout } = await runTool('kubectl', ['kustomize', join(directory, 'top')])
  const policies = parseAllDocuments(stdout).map((document) => {
    const { metadata, spec } = document.toJS()
    return [metadata.namespace, spec.template.spec.containers[0].imagePullPolicy]
  })
  expect(policies).toEqual([
    ['one', 'IfNotPresent'],
    ['two', undefined],
  ])
})

testWith(['kubectl'])('what is as it should be keeps its patch from another of the same name', async () => {
  const directory = await directoryWith({
    'base/kustomization.yaml': 'resources: [a.yaml]\n',
    'base/a.yaml': `${DEPLOYMENT('web', 'one')}---\n${DEPLOYMENT('web', 'two').replaceAll(/x.example\/[ab]:\w+/g, 'x.example/c:2')}`,
    'top/kustomization.yaml': 'resources: [../base]\ncomponents: [../offline]\n',
  })
  const run = ['patch', join(directory, 'base'), '--policy', 'IfNotPresent', '-o', join(directory, 'offline')]
  expect(await runCli(run)).toMatchObject({ exitCode: 0 })
  const { stdout } = await runTool('kubectl', ['kustomize', join(directory, 'top')])
  expect(stdout.match(/IfNotPresent/g)).toHaveLength(1)
})

testWith(['kubectl'])('what seed writes for the workloads of an overlay works inside of it', async () => {
  const directory = await directoryWith({
    ...BASE,
    'middle/kustomization.yaml': PREFIXED,
    'top/kustomization.yaml': `${PREFIXED}components: [../seed/workloads]\n`,
  })
  const bundle = join(directory, 'shop.tar')
  const blobs: Blobs = new Map()
  await writeTestBundle(bundle, await shopImages(blobs), blobs)
  const overlay = join(directory, 'middle')
  const web = DEPLOYMENT('web.a').replaceAll(/x\.example\/[ab]:\w+/g, 'registry.example/shop/web:1.4')
  await writeFile(join(directory, 'base/d.yaml'), web)
  const nodes = ['--nodes', 'examples/seed/nodes.yaml']
  await runCli(['seed', bundle, ...nodes, overlay, '-o', join(directory, 'seed')])
  const { stdout } = await runTool('kubectl', ['kustomize', join(directory, 'top')])
  expect(stdout).toMatch(/nodeSelector:\n +images\.nodeseed\.dev\/[0-9a-f]{16}: seeded/)
})
