import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { testWith, tool } from '../support/debian.ts'

const POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: c, image: "a:1"}]\n'
const KUSTOMIZATION = 'resources: [pod.yaml]\nimages: [{name: a, newName: registry.example.com/a, newTag: "2"}]\n'
const CHART = 'apiVersion: v2\nname: shop\nversion: 1.0.0\n'

async function folderWith(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nodeseed-inputs-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content)
  }
  return folder
}

async function scan(args: string[], env: Record<string, string> = {}) {
  const { exitCode, stdout, stderr } = await runCli(['scan', '--json', ...args], { env })
  return { exitCode, stderr, json: JSON.parse(stdout) }
}

testWith(['kubectl'])('a kustomization is scanned as kubectl renders it', async () => {
  const folder = await folderWith({ 'kustomization.yaml': KUSTOMIZATION, 'pod.yaml': POD })
  const { exitCode, json } = await scan([folder], {
    PATH: `${dirname(tool('kubectl'))}${delimiter}${process.env.PATH}`,
  })
  expect(json.images).toEqual(['registry.example.com/a:2'])
  expect(json.uses).toMatchObject([{ file: join(folder, 'pod.yaml'), workload: { kind: 'Pod', name: 'p' } }])
  expect(exitCode).toBe(0)
})

testWith(['kubectl'])('a kustomization that kubectl refuses is said, and its files are scanned', async () => {
  const folder = await folderWith({ 'kustomization.yaml': 'resources: [missing.yaml]\n', 'pod.yaml': POD })
  const { exitCode, json } = await scan([folder], {
    PATH: `${dirname(tool('kubectl'))}${delimiter}${process.env.PATH}`,
  })
  expect(exitCode).toBe(2)
  expect(json.images).toEqual(['docker.io/library/a:1'])
  expect(json.findings).toMatchObject([{ code: 'FILE_UNREADABLE', message: expect.stringContaining('missing.yaml') }])
})

test('without kubectl and kustomize a kustomization is said to be unread, and its files are scanned', async () => {
  const folder = await folderWith({ 'kustomization.yaml': KUSTOMIZATION, 'pod.yaml': POD })
  const { exitCode, json } = await scan([folder], { PATH: folder })
  expect(exitCode).toBe(2)
  expect(json.images).toEqual(['docker.io/library/a:1'])
  expect(json.findings).toMatchObject([
    {
      code: 'FILE_UNREADABLE',
      message: `${folder}: is a kustomization, and neither kubectl nor kustomize is here`,
      hint: `Install kubectl; or run where it is: kubectl kustomize ${folder} | nodeseed scan -`,
    },
  ])
})

// Stands in for helm, which no Debian package brings: it shows what it is called with, and renders nothing itself.
const HELM = `#!/bin/sh
printf '%s\\n' "$@" >> "$HELM_LOG"
case "$1" in
  template) printf '%s' "$HELM_OUTPUT" ;;
  show) cat "$4/Chart.yaml" ;;
esac
`

test('without helm a chart is said to be unread', async () => {
  const folder = await folderWith({ 'Chart.yaml': CHART, 'templates/pod.yaml': 'image: {{ .Values.image }}' })
  const { exitCode, json } = await scan([folder], { PATH: folder })
  expect(exitCode).toBe(2)
  expect(json).toMatchObject({ uses: [], findings: [{ message: `${folder}: is a Helm chart, and helm is not here` }] })
})

test('charts below a directory are rendered, each once and whole; libraries are for other charts', async () => {
  const folder = await folderWith({
    'bin/helm': HELM,
    'repo/plain.yaml': POD.replaceAll('a:1', 'b:2'),
    'repo/charts/shop/Chart.yaml': CHART,
    'repo/charts/shop/templates/pod.yaml': 'metadata: {name: {{ .Release.Name }}}',
    'repo/charts/shop/charts/db/Chart.yaml': CHART,
    'repo/charts/shop-lib/Chart.yaml': `${CHART}type: library\n`,
    'repo/charts/shop-lib/templates/pod.yaml': 'metadata: {name: {{ .Release.Name }}}',
  })
  await chmod(join(folder, 'bin/helm'), 0o755)
  const log = join(folder, 'log')
  const { exitCode, json } = await scan([join(folder, 'repo')], {
    PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}`,
    HELM_LOG: log,
    HELM_OUTPUT: POD,
  })
  expect(json.images).toEqual(['docker.io/library/a:1', 'docker.io/library/b:2'])
  expect(json.findings).toMatchObject([
    { code: 'CHART_RENDERED', message: `${join(folder, 'repo/charts/shop')}: rendered with its default values` },
  ])
  expect(exitCode).toBe(0)
  const rendered = (await readFile(log, 'utf8')).split('\n').filter((line) => line.startsWith(folder))
  expect(new Set(rendered)).toEqual(new Set([join(folder, 'repo/charts/shop')]))
})

test('a chart below a directory that cannot be rendered is named, and its files are read as they are', async () => {
  const folder = await folderWith({ 'shop/Chart.yaml': CHART, 'shop/crds/pod.yaml': POD })
  const { exitCode, json } = await scan([folder], { PATH: folder })
  expect(exitCode).toBe(2)
  expect(json.images).toEqual(['docker.io/library/a:1'])
  expect(json.findings).toMatchObject([{ message: `${join(folder, 'shop')}: is a Helm chart, and helm is not here` }])
})

test('what helm says of a chart that it cannot render is passed on, not its advice', async () => {
  const refuses =
    '#!/bin/sh\nprintf "Error: shop/templates/x.yaml: nope\\n\\nUse --debug flag to render\\n" >&2; exit 1\n'
  const folder = await folderWith({ 'chart/Chart.yaml': CHART, 'bin/helm': refuses })
  await chmod(join(folder, 'bin/helm'), 0o755)
  const chart = join(folder, 'chart')
  const { exitCode, json } = await scan([chart], { PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}` })
  expect(exitCode).toBe(2)
  expect(json.findings).toMatchObject([{ message: `${chart}: helm template: shop/templates/x.yaml: nope` }])
})

test('a chart is rendered with the values given, and the images of its annotations count', async () => {
  const annotations =
    'annotations:\n  artifacthub.io/images: |\n    - name: web\n      image: registry.example.com/web:1\n'
  const folder = await folderWith({ 'chart/Chart.yaml': `${CHART}${annotations}`, 'bin/helm': HELM })
  await chmod(join(folder, 'bin/helm'), 0o755)
  const log = join(folder, 'log')
  const chart = join(folder, 'chart')
  const { exitCode, json } = await scan([chart, '--values', 'a b.yaml', '--set', 'x=$(touch no)', '--set', 'y=1'], {
    PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}`,
    HELM_LOG: log,
    HELM_OUTPUT: POD,
  })
  expect(exitCode).toBe(0)
  expect(json.images).toEqual(['docker.io/library/a:1', 'registry.example.com/web:1'])
  expect(json.uses[1]).toMatchObject({
    layer: 'list',
    why: 'annotation of the chart',
    workload: { kind: 'Chart', name: 'shop' },
  })
  expect((await readFile(log, 'utf8')).split('\n')).toEqual([
    ...['template', '--include-crds', '--values=a b.yaml', '--set=x=$(touch no)', '--set=y=1', '--', 'release', chart],
    ...['show', 'chart', '--', chart, ''],
  ])
})

test('an image list is read line by line', async () => {
  const folder = await folderWith({
    'images.txt': '# ours\nnginx:1.27\n\nregistry.example.com/x/y:2  # pinned\r\nNot One\n',
  })
  const { exitCode, json } = await scan([join(folder, 'images.txt')])
  expect(exitCode).toBe(0)
  expect(json.images).toEqual(['docker.io/library/nginx:1.27', 'registry.example.com/x/y:2'])
  expect(json.uses).toMatchObject([{ line: 2, policy: null, layer: 'list' }, { line: 4 }])
  expect(json.findings).toMatchObject([{ code: 'REFERENCE_INVALID', line: 5 }])
})

test('a list of images is known by what is in it, wherever it comes from', async () => {
  const list = '# ours\nnginx:1.27\nregistry.example.com/x/y:2\n'
  const images = ['docker.io/library/nginx:1.27', 'registry.example.com/x/y:2']
  const folder = await folderWith({ images: list, 'list.yaml': list, 'pods.txt': POD })
  expect((await scan([join(folder, 'images')])).json.images).toEqual(images)
  expect((await scan([join(folder, 'list.yaml')])).json.images).toEqual(images)
  expect((await scan([join(folder, 'pods.txt')])).json.images).toEqual(['docker.io/library/a:1'])
  const piped = await runCli(['scan', '-', '--format', 'images'], { input: list })
  expect(piped.stdout.trim().split('\n')).toEqual(images)
})

test.for([
  ['Chart.yaml', CHART],
  ['settings.yaml', 'a: 1\n'],
  ['words', 'Just some words\nthat name nothing\n'],
])('an input in which nothing is known is an error: %s', async ([name = '', content = '']) => {
  const folder = await folderWith({ [name]: content, 'pod.yaml': POD })
  const { exitCode, json } = await scan([join(folder, 'pod.yaml'), join(folder, name)])
  expect(json.findings).toMatchObject([{ code: 'INPUT_UNRECOGNISED', file: join(folder, name) }])
  expect(json.images).toEqual(['docker.io/library/a:1'])
  expect(exitCode).toBe(2)
})

test('a broken file that can name no image is a warning, one that may is an error', async () => {
  const folder = await folderWith({ 'pod.yaml': POD, 'a.yaml': 'a: [\n', 'b.yaml': 'image: [\n' })
  const { exitCode, json } = await scan([folder])
  const said = json.findings.map(({ code, severity, file }: { code: string; severity: string; file: string }) => [
    code,
    severity,
    file.slice(-6),
  ])
  expect(said).toEqual([
    ['DOCUMENT_UNREADABLE', 'warning', 'a.yaml'],
    ['DOCUMENT_UNREADABLE', 'error', 'b.yaml'],
  ])
  expect(exitCode).toBe(2)
  await rm(join(folder, 'b.yaml'))
  expect((await scan([folder])).exitCode).toBe(0)
})

test('--var fills in what a placeholder stands for', async () => {
  const folder = await folderWith({ 'pod.yaml': POD.replace('a:1', '${REGISTRY}/a:1') })
  const open = await scan([folder])
  expect(open.json.findings).toMatchObject([{ code: 'IMAGE_UNRESOLVED' }])
  const { json } = await scan([folder, '--var', 'REGISTRY=r.example.org'])
  expect(json.images).toEqual(['r.example.org/a:1'])
  expect((await scan([folder, '--var', 'REGISTRY'])).exitCode).toBe(2)
})

for (const layout of [
  {
    name: 'an overlay over a base',
    files: {
      'base/kustomization.yaml': 'resources: [pod.yaml]\n',
      'base/pod.yaml': POD,
      'prod/kustomization.yaml': 'resources: [../base]\nimages: [{name: a, newTag: "9"}]\n',
    },
    images: ['docker.io/library/a:9'],
    said: [],
  },
  {
    name: 'overlays side by side',
    files: {
      'base/kustomization.yaml': 'resources: [pod.yaml]\n',
      'base/pod.yaml': POD,
      'o/prod/kustomization.yaml': 'resources: [../../base]\nimages: [{name: a, newTag: "9"}]\n',
      'o/test/kustomization.yaml': 'resources: [../../base]\nimages: [{name: a, newTag: "8"}]\n',
    },
    images: ['docker.io/library/a:8', 'docker.io/library/a:9'],
    said: ['OVERLAYS_SEVERAL'],
  },
  {
    name: 'a base without an overlay',
    files: {
      'base/kustomization.yaml': 'resources: [pod.yaml]\nimages: [{name: a, newTag: "7"}]\n',
      'base/pod.yaml': POD,
    },
    images: ['docker.io/library/a:7'],
    said: [],
  },
  {
    name: 'a component, and a file of nobody',
    files: {
      'c/kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nimages: [{name: a, newTag: "6"}]\n',
      'app/kustomization.yaml': 'resources: [pod.yaml]\ncomponents: [../c]\n',
      'app/pod.yaml': POD,
      'free.yaml': POD.replace('a:1', 'b:1'),
    },
    images: ['docker.io/library/a:6', 'docker.io/library/b:1'],
    said: [],
  },
  {
    name: 'a component that none includes',
    files: {
      'c/kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nimages: [{name: a, newTag: "6"}]\n',
      'app/kustomization.yaml': 'resources: [pod.yaml]\n',
      'app/pod.yaml': POD,
    },
    images: ['docker.io/library/a:1'],
    said: ['NOT_INCLUDED'],
  },
]) {
  testWith(['kubectl'])(`kustomizations below a directory: ${layout.name}`, async () => {
    const folder = await folderWith(layout.files as unknown as Record<string, string>)
    const { exitCode, json } = await scan([folder], {
      PATH: `${dirname(tool('kubectl'))}${delimiter}${process.env.PATH}`,
    })
    expect(json.images).toEqual(layout.images)
    expect(json.findings.map(({ code }: { code: string }) => code)).toEqual(layout.said)
    expect(exitCode).toBe(0)
  })
}

test('.nodeseedignore leaves files out', async () => {
  const folder = await folderWith({
    '.nodeseedignore': 'tests/\n*.skip.yaml\n',
    'pod.yaml': POD,
    'tests/pod.yaml': POD.replace('a:1', 'b:1'),
    'x/pod.skip.yaml': POD.replace('a:1', 'c:1'),
  })
  const { json, exitCode } = await scan([folder, '--strict'])
  expect(json.images).toEqual(['docker.io/library/a:1'])
  const left = ['tests/pod.yaml', 'x/pod.skip.yaml'].map((file) => join(folder, file))
  expect(json.omissions).toMatchObject([
    { code: 'FILE_IGNORED', count: 2, entries: left.map((file) => ({ file, excusedBy: '.nodeseedignore' })) },
  ])
  expect(exitCode).toBe(0)
  const { stderr } = await runCli(['scan', folder])
  expect(stderr).toContain(`left out, as allowed: 2 files named in .nodeseedignore: ${left.join(', ')}`)
})

test.for([
  ['little end first', 'LE'],
  ['big end first', 'BE'],
] as const)('a file in UTF-32 beside a good one cannot be read: %s', async ([, order]) => {
  const folder = await folderWith({ 'a.yaml': POD })
  const bytes = Buffer.alloc(4 * (POD.length + 1))
  const points = [0xfeff, ...Array.from(POD, (sign) => sign.charCodeAt(0))]
  for (const [at, point] of points.entries()) bytes[`writeUInt32${order}`](point, at * 4)
  await writeFile(join(folder, 'b.yaml'), bytes)
  const { json, exitCode } = await scan([folder])
  expect(json.findings).toMatchObject([{ code: 'FILE_UNREADABLE', severity: 'error', file: join(folder, 'b.yaml') }])
  expect(exitCode).toBe(2)
})

test('--comments adds what only comments name', async () => {
  const folder = await folderWith({
    'pod.yaml': `${POD}# SIDECAR_IMAGE: "quay.io/x/y:1"\n#   image: a:1\n# see image: notes\n`,
  })
  expect((await scan([folder])).json.images).toEqual(['docker.io/library/a:1'])
  const { json } = await scan([folder, '--comments'])
  expect(json.images).toEqual(['docker.io/library/a:1', 'quay.io/x/y:1'])
  expect(json.uses[1]).toMatchObject({ layer: 'comment', confidence: 'possible', line: 6 })
})

test('--min-confidence decides what is listed', async () => {
  const values = 'apiVersion: v1\nkind: ConfigMap\ndata:\n  values: |\n    image: proxyv2\n    tool: quay.io/x/y:1\n'
  const folder = await folderWith({ 'a.yaml': POD, 'b.yaml': values })
  const imagesAt = async (level: string) => (await scan([folder, '--min-confidence', level])).json.images
  expect(await imagesAt('certain')).toEqual(['docker.io/library/a:1'])
  expect(await imagesAt('likely')).toEqual(['docker.io/library/a:1', 'quay.io/x/y:1'])
  expect(await imagesAt('possible')).toEqual([
    'docker.io/library/a:1',
    'docker.io/library/proxyv2:latest',
    'quay.io/x/y:1',
  ])
})

test('--rules reads a file of own rules', async () => {
  const folder = await folderWith({
    'rules.txt': 'rules: [{kind: Engine, path: spec.runtime}]\n',
    'engine.yaml': 'apiVersion: x.example/v1\nkind: Engine\nspec: {runtime: x/y}\n',
  })
  expect((await scan([folder])).json.images).toEqual([])
  const { json } = await scan([folder, '--rules', join(folder, 'rules.txt')])
  expect(json.uses).toMatchObject([{ reference: 'x/y', layer: 'rule', why: 'your rule spec.runtime' }])
})

test('--why shows every place of an image, and says no where there is none', async () => {
  const folder = await folderWith({
    'pod.yaml': POD.replace('image: "a:1"', 'image: "a:1", args: ["--x-image=quay.io/x/y:2"]'),
  })
  const found = await runCli(['scan', folder, '--why', 'quay.io/x/y'])
  expect(found.stdout.replaceAll(folder, '')).toBe(
    [
      'quay.io/x/y:2',
      '  where:  /pod.yaml:5, Pod p, container c, spec.containers[0].args[0]',
      '  why:    flag x-image (argument, likely)',
      '  policy: set by its operator',
      '',
    ].join('\n'),
  )
  expect(found.exitCode).toBe(0)
  const pod = await runCli(['scan', folder, '--why', 'docker.io/library/a:1'])
  expect(pod.stdout).toContain('policy: IfNotPresent, by default')
  const missing = await runCli(['scan', folder, '--why', 'quay.io/x/y:3'])
  const stderr = 'quay.io/x/y:3: nothing here names it\n  perhaps you mean: quay.io/x/y:2\n'
  expect(missing).toMatchObject({ exitCode: 4, stdout: '', stderr })
  const short = await runCli(['scan', folder, '--why', 'y'])
  expect(short.stderr).toContain('perhaps you mean: quay.io/x/y:2')
  await writeFile(join(folder, 'broken.yaml'), 'image: [\n')
  const unsure = await runCli(['scan', folder, '--why', 'quay.io/x/z'])
  expect(unsure.exitCode).toBe(2)
  expect(unsure.stderr).toContain('nothing that could be read here names it')
  expect(unsure.stderr).toContain('broken.yaml')
})
