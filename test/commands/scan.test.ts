import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runCli } from '../support/cli.ts'

const SHOP = 'examples/scan/shop.yaml'
const POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: c, image: "a:1"}]\n'

async function folderWith(files: Record<string, string | Buffer>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nodeseed-scan-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true })
    await writeFile(join(folder, name), content)
  }
  return folder
}

async function scanJson(args: string[], options: Parameters<typeof runCli>[1] = {}) {
  const result = await runCli(['scan', '--json', ...args], options)
  return { ...result, json: JSON.parse(result.stdout) }
}

test('the example shop as a table, its findings on stderr', async () => {
  const { exitCode, stdout, stderr } = await runCli(['scan', SHOP])
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/^IMAGE +POLICY +WORKLOAD +CONTAINER +FOUND IN +WHERE\n/)
  expect(stdout).toMatch(
    /^registry.example.com\/shop\/metrics:1.9 +Never +Deployment shop\/web +metrics +podSpec +examples\/scan\/shop.yaml:32$/m,
  )
  expect(stdout).not.toContain('shop/report')
  expect(stderr).toBe(
    'error: examples/scan/shop.yaml:88: CronJob shop/report, container report: registry.example.com/shop/report is pulled Always (the default for the tag latest), which fails offline even when the image is on the node\n' +
      '  try: Give it a version tag, or set imagePullPolicy: IfNotPresent; or name the image by digest and set IfNotPresent; or keep Always and serve a mirror (nodeseed serve).\n' +
      'left out: 1 image pulled Always: registry.example.com/shop/report:latest\n' +
      '  try: Set imagePullPolicy: IfNotPresent and run this again, or take them too: --policy Never,IfNotPresent,Always (pods then need a mirror: nodeseed serve).\n',
  )
})

test('the example shop as images, one a line', async () => {
  const { stdout } = await runCli(['scan', SHOP, '--format', 'images'])
  expect(stdout.split('\n')).toEqual([
    'docker.io/fluent/fluent-bit:3.1.9',
    'docker.io/library/postgres:16.4',
    'registry.example.com/shop/backup@sha256:5d1c0f0e2b3a4958677685948372615049382716f5e4d3c2b1a0f9e8d7c6b502',
    'registry.example.com/shop/metrics:1.9',
    'registry.example.com/shop/migrate:4.2.0',
    'registry.example.com/shop/node-agent:2.0.1',
    'registry.example.com/shop/web@sha256:0b5c1b4f3ee2a1f0a5bd1c7a3b1e0a4f1d2c3b4a5968778695a4b3c2d1e0f001',
    '',
  ])
})

test('--policy takes a comma list, and changes images, not uses', async () => {
  const never = await scanJson([SHOP, '--policy', 'Never'])
  expect(never.json.images).toEqual([
    'registry.example.com/shop/metrics:1.9',
    'registry.example.com/shop/node-agent:2.0.1',
  ])
  const always = await scanJson([SHOP, '--policy', 'Always,Never'])
  expect(always.json.images).toContain('registry.example.com/shop/report:latest')
  expect(always.json.uses).toEqual(never.json.uses)
})

test('a use as JSON has every field', async () => {
  const { json } = await scanJson(['-'], { input: POD })
  expect(json).toEqual({
    uses: [
      {
        reference: 'a:1',
        image: 'docker.io/library/a:1',
        policy: 'IfNotPresent',
        policyFrom: 'default',
        workload: { apiVersion: 'v1', kind: 'Pod', namespace: null, name: 'p' },
        container: 'c',
        field: 'spec.containers[0].image',
        file: '<stdin>',
        line: 5,
        layer: 'podSpec',
        confidence: 'certain',
        why: 'pod spec',
      },
    ],
    images: ['docker.io/library/a:1'],
    findings: [],
    omissions: [],
  })
})

test.for<[why: string, args: string[], message: string]>([
  [
    'an unknown policy',
    [SHOP, '--policy', 'Never,always'],
    'error: --policy: not a pull policy: "always"\n  try: Did you mean Always?\n',
  ],
  [
    'a missing input, before anything is printed',
    [SHOP, 'nowhere.yaml'],
    'error: nowhere.yaml: no such file or directory\n',
  ],
])('%s exits 2', async ([, args, message]) => {
  const { exitCode, stdout, stderr } = await runCli(['scan', ...args])
  expect(exitCode).toBe(2)
  expect(stdout).toBe('')
  expect(stderr).toContain(message)
})

test('no input at all exits 2', async () => {
  expect((await runCli(['scan'])).exitCode).toBe(2)
})

test('a folder is read below, links followed; other files, packages and version control are left alone', async () => {
  const folder = await folderWith({
    'b/two.json': JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      spec: { containers: [{ name: 'c', image: 'two:1' }] },
    }),
    'a.yml': POD.replace('a:1', 'one:1'),
    'notes.txt': 'kind: [',
    '.git/x.yaml': 'kind: [',
    'node_modules/x/x.yaml': 'kind: [',
    'elsewhere.file': POD.replace('a:1', 'three:1'),
  })
  await symlink(join(folder, 'elsewhere.file'), join(folder, 'link.yaml'))
  const { exitCode, json } = await scanJson([folder])
  expect(json.images).toEqual(['docker.io/library/one:1', 'docker.io/library/three:1', 'docker.io/library/two:1'])
  expect(json.uses.map(({ line }: { line: number }) => line)).toEqual([5, 1, 5])
  expect(exitCode).toBe(0)
})

test('what cannot be read is a finding, the rest is still scanned, and the exit code is 2', async () => {
  const folder = await folderWith({
    'binary.yaml': Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 3]),
    'bomb.yaml': [
      'a: &a x',
      ...Array.from(
        { length: 9 },
        (_, i) => `${'bcdefghij'[i]}: &${'bcdefghij'[i]} [${Array(9).fill(`*${'abcdefghi'[i]}`)}]`,
      ),
    ].join('\n'),
    'deep.json': `${'['.repeat(5000)}${']'.repeat(5000)}`,
    'good.yaml': POD,
    'template.yaml': `${POD}---\n{{ if .x }}\nkind: Pod\n`,
  })
  await symlink(join(folder, 'nowhere'), join(folder, 'lost.yaml'))
  const { exitCode, json } = await scanJson([folder])
  expect(exitCode).toBe(2)
  expect(json.images).toEqual(['docker.io/library/a:1'])
  expect(json.uses).toHaveLength(2)
  expect(
    json.findings.map(({ code, message, line }: Record<string, unknown>) =>
      `${code} ${line}: ${message}`.replaceAll(folder, ''),
    ),
  ).toEqual([
    'FILE_UNREADABLE undefined: /lost.yaml: is a link that leads nowhere',
    'FILE_UNREADABLE undefined: /binary.yaml: is binary, not YAML or JSON',
    'DOCUMENT_UNREADABLE 1: not readable as YAML or JSON: aliases expand to more than 2000000 values',
    'DOCUMENT_UNREADABLE 1: not readable as YAML or JSON: nested deeper than 400 levels',
    expect.stringMatching(/^DOCUMENT_UNREADABLE 8: /),
  ])
})

test('files of several megabytes keep their line numbers, also in UTF-16', async () => {
  const filler = `---\nkind: ConfigMap\ndata:\n  text: |\n${'    some text, as long as it takes\n'.repeat(2000)}`
  const text = `${filler.repeat(60)}---\n${POD}`
  const line = text.split('\n').length - 1
  const folder = await folderWith({ 'large.yaml': text, 'utf16.yaml': Buffer.from(`\ufeff${text}`, 'utf16le') })
  const { json } = await scanJson([folder])
  expect(json.uses).toMatchObject([{ line }, { line }])
  const piped = await scanJson(['-'], { input: text })
  expect(piped.json.uses).toMatchObject([{ line, file: '<stdin>' }])
})

test('the example operator: every image, where it stands, and what made it one', async () => {
  const { json } = await scanJson(['examples/scan/operator.yaml', '--rules', 'examples/scan/rules.yaml'])
  type Use = { reference: string; line: number; layer: string; why: string }
  expect(json.uses.map(({ reference, line, layer, why }: Use) => [reference, line, layer, why].join(' | '))).toEqual([
    'registry.example.com/engine/operator:2.3.0 | 16 | podSpec | pod spec',
    'registry.example.com/engine/reloader:2.3.0 | 18 | argument | flag reloader',
    'registry.example.com/engine/backup:1.8 | 20 | argument | flag backup-image',
    'registry.example.com/engine/init:2.3.0 | 25 | environment | composed of INIT_IMAGE_REPOSITORY + INIT_VERSION',
    'registry.example.com/engine/engine:14.2 | 23 | environment | environment variable RELATED_IMAGE_ENGINE',
    'registry.example.com/engine/exporter:0.13 | 30 | environment | environment variable EXPORTER_IMAGES, 13',
    'registry.example.com/engine/exporter:0.14 | 31 | environment | environment variable EXPORTER_IMAGES, 14',
    'registry.example.com/engine/proxy:1.2 | 41 | config | composed of image + version in the text of sidecars.json',
    'engine/orders | 54 | rule | your rule spec.runtime',
    'registry.example.com/engine/engine:14.1 | 51 | knownField | composed of repository + tag',
  ])
})
