import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { runCli } from '../support/cli.ts'
import { runTool, testWith } from '../support/debian.ts'
import type { Blobs } from '../support/image-maker.ts'
import { shopImages } from '../support/shop-images.ts'
import { directoryWith, temporaryDirectory } from '../support/temporary.ts'

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

const ROLLOUT = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec: {template: {spec: {containers: [{name: a, image: "a:latest"}]}}}
`
const SHARED = `x: &spec {containers: [{name: a, image: "a:latest"}]}
apiVersion: v1
kind: Pod
metadata: {name: shared}
spec: *spec
`
const ENGINE = `apiVersion: x.example/v1
kind: Engine
metadata: {name: db}
spec: {image: "quay.io/team/db:1"}
`

test('what cannot be patched is named and left as it is, with exit 4; what cannot be read, with 2', async () => {
  const directory = await directoryWith({ 'odd.yaml': `${SHARED}---\n${ROLLOUT}---\n${ENGINE}` })
  const file = join(directory, 'odd.yaml')
  const { stdout, stderr, exitCode } = await runCli(['patch', file, '--policy', 'IfNotPresent'])
  expect(exitCode).toBe(4)
  expect(stdout).toBe(
    `${SHARED}---\n${ROLLOUT.replace('{name: a', '{imagePullPolicy: IfNotPresent, name: a')}---\n${ENGINE}`,
  )
  expect(stderr).toContain(
    'Pod shared: imagePullPolicy of container a left as it is: an alias shares this part with others',
  )
  expect(stderr).toContain('Rollout web: patched at spec.template.spec, which has the shape of a pod')
  expect(stderr).toContain('Engine db: names quay.io/team/db:1 outside of any pod that could be patched')
  expect(stderr).toContain('left out: 2 workloads that cannot be patched: Engine db, Pod shared')
  await writeFile(file, `${ROLLOUT}---\nkind: Pod\nmetadata: {name: broken\n`)
  expect(await runCli(['patch', file, '--policy', 'Never'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('not readable'),
  })
})

test.for<[what: string, files: Record<string, string>, names: string[]]>([
  ['JSON documents without marks', { 'a.json': jsonPod('a') + jsonPod('b'), 'c.yaml': yamlPod('c') }, ['a', 'b', 'c']],
  ['JSON documents of one file', { 'a.json': jsonPod('a') + jsonPod('b') }, ['a', 'b']],
  ['no final line end', { 'a.yaml': yamlPod('a').trimEnd(), 'b.yaml': yamlPod('b') }, ['a', 'b']],
  ['byte order marks', { 'a.yaml': `\ufeff${yamlPod('a')}`, 'b.yaml': `\ufeff${yamlPod('b')}` }, ['a', 'b']],
  ['end marks', { 'a.yaml': `${yamlPod('a')}...\n`, 'b.yaml': `# b\n---\n${yamlPod('b')}` }, ['a', 'b']],
])('files with %s are printed as one stream that kubectl reads whole', async ([, files, names]) => {
  const directory = await directoryWith(files)
  const { stdout, exitCode } = await runCli(['patch', directory, '--policy', 'Never'])
  expect(exitCode).toBe(0)
  const documents = await directoryWith({ 'all.yaml': stdout })
  const answer = await runTool('kubectl', ['label', '--local', '-f', join(documents, 'all.yaml'), '-o', 'name', 'a=b'])
  expect(
    answer.stdout
      .trim()
      .split('\n')
      .map((line) => line.replace(/^pod\/| .*/g, '')),
  ).toEqual(names)
})

test('one file is printed as it is; what would be another document behind other files is refused', async () => {
  const last = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  a: |+\n    text\n\n\n'
  const directive = `%YAML 1.1\n---\n${yamlPod('b')}`
  const directory = await directoryWith({ 'a.yaml': last, 'b.yaml': directive })
  expect(await runCli(['patch', join(directory, 'a.yaml'), '--policy', 'Never'])).toMatchObject({ stdout: last })
  expect(await runCli(['patch', directory, '--policy', 'Never'])).toMatchObject({
    exitCode: 2,
    stdout: '',
    stderr: expect.stringMatching(
      /b\.yaml:2: this document would be another one.*\n {2}try: Patch this file by itself/,
    ),
  })
})

function jsonPod(name: string): string {
  return `${JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { containers: [{ name: 'a', image: 'a:1' }] } })}\n`
}

function yamlPod(name: string): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec: {containers: [{name: a, image: "a:1"}]}\n`
}

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
