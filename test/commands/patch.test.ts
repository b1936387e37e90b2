import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { runCli } from '../support/cli.ts'
import { runTool, testWith } from '../support/debian.ts'
import type { Blobs } from '../support/image-maker.ts'
import { shopImages } from '../support/shop-images.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const SHOP = 'examples/seed/shop.yaml'

/** A copy of the example shop, and what seed wrote for it. */
async function seeded(): Promise<{
  directory: string
  shop: string
  bundle: string
  placement: string
  /** Of the nodes that may run the Deployment, and of those that may run the CronJob. */
  label: string
  jobLabel: string
}> {
  const directory = await temporaryDirectory()
  const [shop, bundle, placement] = ['shop.yaml', 'shop.tar', 'seed'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ]
  await copyFile(SHOP, shop)
  const blobs: Blobs = new Map()
  await writeTestBundle(bundle, await shopImages(blobs), blobs)
  await runCli(['seed', bundle, '--nodes', 'examples/seed/nodes.yaml', '-o', placement, shop])
  const { sets } = JSON.parse(await readFile(join(placement, 'placement.json'), 'utf8'))
  return { directory, shop, bundle, placement, label: sets[0].label, jobLabel: sets[1].label }
}

/** The lines that only one of two texts has, as diff shows them. */
function difference(before: string, after: string): string[] {
  const [old, now] = [before.split('\n'), after.split('\n')]
  return [
    ...old.filter((line) => !now.includes(line)).map((line) => `-${line}`),
    ...now.filter((line) => !old.includes(line)).map((line) => `+${line}`),
  ]
}

test('--in-place changes the lines that it must, and no other', async () => {
  const { shop, bundle, placement, label, jobLabel } = await seeded()
  const before = await readFile(shop, 'utf8')
  const args = ['patch', shop, '--placement', placement, '--policy', 'Never', '--pin-digests', bundle, '--in-place']
  expect(await runCli(args)).toMatchObject({ exitCode: 0, stdout: `${shop}: 6 changes\n`, stderr: '' })
  const after = await readFile(shop, 'utf8')
  const generic = difference(before, after).map((line) =>
    line
      .replaceAll(label, '<label>')
      .replaceAll(jobLabel, '<job label>')
      .replace(/@sha256:[0-9a-f]{64}/, '@<digest>'),
  )
  expect(generic).toMatchInlineSnapshot(`
    [
      "-          image: registry.example/shop/web:1.4",
      "-          imagePullPolicy: IfNotPresent",
      "-              image: registry.example/shop/report:2",
      "+      nodeSelector:",
      "+        <label>: seeded",
      "+          image: registry.example/shop/web:1.4@<digest>",
      "+          imagePullPolicy: Never",
      "+          nodeSelector:",
      "+            kubernetes.io/arch: amd64",
      "+            <job label>: seeded",
      "+              image: registry.example/shop/report:2@<digest>",
    ]
  `)
  expect(await runCli(args)).toMatchObject({ stdout: `${shop}: 0 changes\n` })
  expect(await readFile(shop, 'utf8')).toBe(after)
})

test('without a place to write, the manifests go to standard output, also from standard input', async () => {
  const { shop, placement, label, jobLabel } = await seeded()
  const input = await readFile(shop, 'utf8')
  const { stdout } = await runCli(['patch', '-', '--placement', placement], { input })
  const selectors = parseAllDocuments(stdout).map((document) => document.toJS().spec)
  expect(selectors[0].template.spec.nodeSelector).toEqual({ [label]: 'seeded' })
  expect(selectors[1].jobTemplate.spec.template.spec.nodeSelector).toEqual({
    'kubernetes.io/arch': 'amd64',
    [jobLabel]: 'seeded',
  })
  expect(await readFile(shop, 'utf8')).toBe(input)
})

testWith(['kubectl'])(
  '--output is a component that kubectl kustomize renders: selector, policy and digests',
  async () => {
    const { directory, shop, bundle, placement, label } = await seeded()
    const output = join(directory, 'offline')
    const args = [
      'patch',
      shop,
      '--placement',
      placement,
      '--policy',
      'Never',
      '--pin-digests',
      bundle,
      '--output',
      output,
    ]
    expect(await runCli(args)).toMatchObject({ exitCode: 0 })
    const files = (await readdir(output)).filter((name) => name !== '.nodeseed-files')
    expect(files.sort()).toEqual(['cronjob-shop-report.yaml', 'deployment-shop-web.yaml', 'kustomization.yaml'])
    const patches = files.slice(0, 2).map((file) => `  - offline/${file}\n`)
    await writeFile(
      join(directory, 'kustomization.yaml'),
      `resources: [shop.yaml]\npatchesStrategicMerge:\n${patches.join('')}`,
    )
    const { stdout } = await runTool('kubectl', ['kustomize', directory])
    const [deployment] = parseAllDocuments(stdout)
      .map((document) => document.toJS())
      .filter(({ kind }) => kind === 'Deployment')
    expect(deployment.spec.template.spec).toEqual({
      nodeSelector: { [label]: 'seeded' },
      containers: [
        {
          name: 'web',
          image: expect.stringMatching(/^registry\.example\/shop\/web:1\.4@sha256:[0-9a-f]{64}$/),
          imagePullPolicy: 'Never',
        },
      ],
    })
  },
)

test('what cannot be patched is named and left as it is', async () => {
  const file = join(await temporaryDirectory(), 'odd.yaml')
  const text = `apiVersion: v1
kind: Pod
metadata: {name: shared}
spec: &spec {containers: [{name: a, image: "a:latest"}]}
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec: {template: {spec: {containers: [{name: a, image: "a:latest"}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: broken
`
  await writeFile(file, text)
  const { stderr, exitCode } = await runCli(['patch', file, '--policy', 'IfNotPresent', '--in-place'])
  expect(exitCode).toBe(2)
  expect(stderr).toContain('Pod shared: left as it is: an alias shares this part with others')
  expect(stderr).toContain('Rollout web: a custom resource')
  expect(stderr).toContain('not readable')
  expect(await readFile(file, 'utf8')).toBe(text)
})

test('nothing to change is a usage error', async () => {
  expect(await runCli(['patch', SHOP])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--placement') })
})

test('what cannot be read is named, the rest is patched, and the exit code says that it is not all', async () => {
  const directory = await temporaryDirectory()
  await writeFile(join(directory, 'bad.yaml'), 'kind: [\n')
  await copyFile(SHOP, join(directory, 'shop.yaml'))
  for (const way of [[], ['-o', join(directory, 'component')]]) {
    const { exitCode, stderr } = await runCli(['patch', directory, '--policy', 'Never', ...way])
    expect(stderr).toContain('bad.yaml')
    expect(exitCode).toBe(2)
  }
  const { stdout } = await runCli(['patch', directory, '--policy', 'Never'])
  expect(stdout).toContain('imagePullPolicy: Never')
})
