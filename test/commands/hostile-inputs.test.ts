import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { PROGRAM, runCli } from '../support/cli.ts'
import { testWith, tool } from '../support/debian.ts'

const pod = (name: string, image: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec:\n  containers: [{name: c, image: "${image}"}]\n`
const CHART = 'apiVersion: v2\nname: shop\nversion: 1.0.0\n'

async function folderWith(files: Record<string, string | Buffer>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nodeseed-hostile-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content)
  }
  return folder
}

async function scan(args: string[], env: Record<string, string> = {}, cwd?: string) {
  const { exitCode, stdout, stderr } = await runCli(['scan', '--json', ...args], { env, ...(cwd && { cwd }) })
  return { exitCode, stderr, json: JSON.parse(stdout) }
}

const withKubectl = () => ({ PATH: `${dirname(tool('kubectl'))}${delimiter}${process.env.PATH}` })

/** A helm that tells which arguments it had and what it could reach; the real one is no Debian package. */
const HELM = `#!/bin/sh
printf '%s\\n' "$@" "$HTTPS_PROXY" "$GIT_ALLOW_PROTOCOL" >> "$HELM_LOG"
[ "$1" = template ] && printf '%s' "$HELM_OUTPUT"
[ "$1" = show ] && cat "$4/Chart.yaml"
exit 0
`

async function helmIn(folder: string): Promise<Record<string, string>> {
  await mkdir(join(folder, 'bin'), { recursive: true })
  await writeFile(join(folder, 'bin/helm'), HELM)
  await chmod(join(folder, 'bin/helm'), 0o755)
  const PATH = `${join(folder, 'bin')}${delimiter}${process.env.PATH}`
  return { PATH, HELM_LOG: join(folder, 'log'), HELM_OUTPUT: pod('p', 'a:1') }
}

const OPTION_NAMES = [
  '--post-renderer=tools',
  '--help',
  '-f',
  '--enable-helm',
  '--load-restrictor=LoadRestrictionsNone',
]

test.for(OPTION_NAMES)('a chart called %s reaches helm as a path', async (name) => {
  const folder = await folderWith({ [`${name}/Chart.yaml`]: CHART, 'repo/x.yaml': pod('x', 'x:1') })
  const env = await helmIn(folder)
  const { json } = await scan(['--', name], env, folder)
  expect(json.images).toEqual(['docker.io/library/a:1'])
  const told = (await readFile(join(folder, 'log'), 'utf8')).split('\n')
  expect(told.slice(0, 5)).toEqual(['template', '--include-crds', '--', 'release', join(folder, name)])
  expect(told.slice(5, 7)).toEqual(['http://127.0.0.1:9', 'none'])
})

for (const name of OPTION_NAMES) {
  testWith(['kubectl'])(`a kustomization called ${name} reaches kubectl as a path`, async () => {
    const folder = await folderWith({
      [`${name}/kustomization.yaml`]: 'resources: [pod.yaml]\nimages: [{name: a, newTag: "2"}]\n',
      [`${name}/pod.yaml`]: pod('p', 'a:1'),
    })
    const { exitCode, json } = await scan(['--', name], withKubectl(), folder)
    expect(json.findings).toEqual([])
    expect(json.images).toEqual(['docker.io/library/a:2'])
    expect(exitCode).toBe(0)
  })
}

const REMOTE: [what: string, kustomization: (address: string) => string][] = [
  ['a resource', (address) => `resources: ['${address}/x.yaml']\n`],
  ['a base', (address) => `bases: ['${address}/repo//base?ref=v1']\n`],
  ['a component', (address) => `components: ['git::${address}/repo']\n`],
  ['a patch', (address) => `resources: [pod.yaml]\npatches: [{path: '${address}/p.yaml', target: {kind: Pod}}]\n`],
  ['a file of a generator', (address) => `configMapGenerator: [{name: x, files: ['key=${address}/f']}]\n`],
  ['a transformer', (address) => `resources: [pod.yaml]\ntransformers: ['${address}/t.yaml']\n`],
  ['an OpenAPI schema', (address) => `resources: [pod.yaml]\nopenapi: {path: '${address}/s.json'}\n`],
  ['a resource under a key in capitals', (address) => `Resources: ['${address}/x.yaml']\n`],
  ['a resource under a key that Go folds', (address) => `re\u017fource\u017f: ['${address}/x.yaml']\n`],
  ['a patch in capitals', (address) => `resources: [pod.yaml]\nPatches: [{PATH: '${address}/p.yaml'}]\n`],
  ['a base of a base', (address) => `resources: [base]\n# ${address}\n`],
]

for (const [what, kustomization] of REMOTE) {
  testWith(['kubectl'])(`${what} from elsewhere is refused, told, and not asked for`, async () => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.end(pod('remote', 'remote:1'))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const folder = await folderWith({
      'kustomization.yaml': kustomization(address),
      'pod.yaml': pod('p', 'a:1'),
      'base/kustomization.yaml': `resources: ['${address}/deep.yaml']\n`,
    })
    const { exitCode, json } = await scan([folder], withKubectl())
    expect(exitCode).toBe(2)
    expect(json.findings[0]).toMatchObject({ code: 'FILE_UNREADABLE', message: expect.stringContaining(address) })
    expect(json.findings[0].hint).toContain('--allow-remote')
    expect(asked).toEqual([])
  })
}

testWith(['kubectl'])('--allow-remote lets an address be asked, and tells it', async () => {
  const server = createServer((_, response) => response.end(pod('remote', 'remote:1')))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x.yaml`
  const folder = await folderWith({ 'kustomization.yaml': `resources:\n  - ${address}\n` })
  const { exitCode, json } = await scan([folder, '--allow-remote'], withKubectl())
  expect(json.images).toEqual(['docker.io/library/remote:1'])
  expect(json.findings).toMatchObject([{ code: 'REMOTE_ASKED', message: `asked for ${address}`, line: 2 }])
  expect(exitCode).toBe(0)
})

const SCHEMAS: [what: string, schema: object, isRemote: boolean][] = [
  ['a reference', { properties: { a: { $ref: 'https://schemas.example.org/a.json#/x' } } }, true],
  [
    'a reference below an id elsewhere',
    { $id: 'https://schemas.example.org/', properties: { a: { $ref: 'b.json' } } },
    true,
  ],
  ['a meta-schema of its own', { $schema: 'https://schemas.example.org/meta' }, true],
  ['a known meta-schema', { $schema: 'http://json-schema.org/draft-07/schema#' }, false],
  ['a reference within', { $id: 'https://schemas.example.org/s', $defs: { a: {} }, $ref: '#/$defs/a' }, false],
]

test.for(SCHEMAS)('%s in the schema of a chart', async ([, schema, isRemote]) => {
  const text = JSON.stringify(schema, null, 2)
  const folder = await folderWith({
    'open/Chart.yaml': CHART,
    'open/charts/sub/values.schema.json': text,
    'packed/Chart.yaml': CHART,
    'packed/charts/sub.tgz': gzipSync(`shop/values.schema.json\0${text}`),
  })
  const env = await helmIn(folder)
  const { json } = await scan([join(folder, 'open')], env)
  expect(json.images).toEqual(isRemote ? [] : ['docker.io/library/a:1'])
  expect(json.findings.map(({ code }: { code: string }) => code)).toEqual([
    isRemote ? 'FILE_UNREADABLE' : 'CHART_RENDERED',
  ])
  if (isRemote) expect((await scan([join(folder, 'packed')], env)).json.images).toEqual([])
  const allowed = await scan([join(folder, 'open'), '--allow-remote'], env)
  expect(allowed.json.images).toEqual(['docker.io/library/a:1'])
})

const makePipe = (path: string) => execFileSync('mkfifo', [path])

test('named pipes are refused by name, and not read', async () => {
  const folder = await folderWith({
    'a/pod.yaml': pod('p', 'a:1'),
    'b/pod.yaml': pod('p', 'b:1'),
    'c/Chart.yaml': CHART,
  })
  makePipe(join(folder, 'a/pipe.yaml'))
  makePipe(join(folder, 'b/.nodeseedignore'))
  makePipe(join(folder, 'c/notes'))
  makePipe(join(folder, 'pipe'))
  const below = await scan([join(folder, 'a')])
  expect(below.json.images).toEqual(['docker.io/library/a:1'])
  expect(below.json.findings).toMatchObject([
    { code: 'FILE_UNREADABLE', message: `${folder}/a/pipe.yaml: is a named pipe, not a file` },
  ])
  expect(below.exitCode).toBe(2)
  const named = await scan([join(folder, 'pipe')])
  expect(named.json.findings).toMatchObject([{ message: `${folder}/pipe: is a named pipe, not a file` }])
  const ignores = await scan([join(folder, 'b')])
  expect(ignores).toMatchObject({ exitCode: 2, json: { error: { code: 'INPUT_UNREADABLE' } } })
  const chart = await scan([join(folder, 'c')], await helmIn(folder))
  expect(chart.json.findings).toMatchObject([{ message: `${folder}/c/notes: is a named pipe, not a file` }])
})

testWith(['kubectl'])('pipes as kustomizations, and in them, are refused', async () => {
  const folder = await folderWith({ 'a/pod.yaml': pod('p', 'a:1'), 'b/kustomization.yaml': 'resources: [pipe.yaml]\n' })
  makePipe(join(folder, 'a/kustomization.yaml'))
  makePipe(join(folder, 'b/pipe.yaml'))
  const itself = await scan([join(folder, 'a')], withKubectl())
  expect(itself.json.findings).toMatchObject([
    { message: `${folder}/a/kustomization.yaml: is a named pipe, not a file` },
  ])
  expect(itself.exitCode).toBe(2)
  const inside = await scan([join(folder, 'b')], withKubectl())
  expect(inside.json.findings[0]).toMatchObject({
    message: `${folder}/b: names ${folder}/b/pipe.yaml, which is a named pipe`,
  })
})

test('devices are refused, also behind a link', async () => {
  const folder = await folderWith({ 'a.yaml': pod('p', 'a:1') })
  await symlink('/dev/zero', join(folder, 'zero.yaml'))
  const { exitCode, json } = await scan([folder])
  expect(json.findings).toMatchObject([
    { message: `${folder}/zero.yaml: is a link to /dev/zero, outside of what is read` },
  ])
  expect(json.images).toEqual(['docker.io/library/a:1'])
  expect(exitCode).toBe(2)
})

test('what the shell hands down is read', async () => {
  const folder = await folderWith({ 'a.yaml': pod('p', 'a:1') })
  const command = '"$0" "$1" scan --format images <(cat "$2")'
  const printed = execFileSync('bash', ['-c', command, process.execPath, PROGRAM, join(folder, 'a.yaml')])
  expect(printed.toString()).toBe('docker.io/library/a:1\n')
})

test('an input that is named twice is read once', async () => {
  const folder = await folderWith({ 'a.yaml': pod('p', 'a:1') })
  await symlink('a.yaml', join(folder, 'b.yaml'))
  const { json } = await scan([folder, join(folder, 'a.yaml'), join(folder, 'b.yaml')])
  expect(json.uses).toHaveLength(1)
})
