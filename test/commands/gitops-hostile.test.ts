import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { HELM_CHART, HELM_CONFIG } from '../support/artifact-maker.ts'
import { packFiles } from '../support/chart-maker.ts'
import { runCli } from '../support/cli.ts'
import { pathWithHelm, testWithHelm } from '../support/helm.ts'
import { MemoryRegistry, sendError } from '../support/memory-registry.ts'
import { directoryWith } from '../support/temporary.ts'

const CHART = 'apiVersion: v2\nname: web\nversion: 1.0.0\n'
const POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: "IMAGE"}]}\n'

/** A registry with a chart of these bytes, and a directory with what installs it. */
async function treeOf(packed: Buffer, size = packed.length) {
  const registry = await MemoryRegistry.start()
  registry.addImage('shop/web', '1', [gzipSync('x')])
  const config = registry.addBlob(
    'charts/web',
    Buffer.from(JSON.stringify({ name: 'web', version: '1.0.0' })),
    HELM_CONFIG,
  )
  const layer = { ...registry.addBlob('charts/web', packed, HELM_CHART), size }
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] }
  registry.addManifest('charts/web', '1.0.0', manifest, OCI_MANIFEST)
  const release = `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec: {source: {repoURL: ${registry.host}/charts, chart: web, targetRevision: 1.0.0}}\n`
  const directory = await directoryWith({
    'in/web.yaml': release,
    'in/pod.yaml': POD.replace('IMAGE', `${registry.host}/shop/web:1`),
  })
  const output = join(directory, 'x.tar')
  const run = (...options: string[]) =>
    runCli(
      [
        'bundle',
        join(directory, 'in'),
        '--platform',
        'linux/amd64',
        '--retries',
        '0',
        '-o',
        output,
        '--json',
        ...options,
      ],
      {
        env: { PATH: pathWithHelm() },
      },
    )
  return { registry, directory, run }
}

const packedWith = (files: Record<string, string>) => packFiles({ 'web/Chart.yaml': CHART, ...files })

test('a chart that is a bomb ends the run, and nothing is written; without it there is no yes either', async () => {
  const { directory, run } = await treeOf(gzipSync(Buffer.alloc(129 << 20), { level: 1 }))
  const ended = await run()
  expect([ended.exitCode, JSON.parse(ended.stdout).failures]).toMatchObject([
    3,
    [{ code: 'BUNDLE_INVALID', message: expect.stringContaining('unpacks to more than 128 MiB') }],
  ])
  expect(await readdir(directory)).toEqual(['in'])
  const gone = await run('--allow-missing')
  expect(gone.exitCode, gone.stderr).toBe(4)
  const codes = JSON.parse(gone.stdout).omissions.map(({ code }: { code: string }) => code)
  expect(codes).toEqual(expect.arrayContaining(['CHART_ELSEWHERE', 'IMAGE_UNAVAILABLE']))
})

test('bytes that are not those of the digest, and more than there should be, end the run', async () => {
  const packed = await packedWith({})
  const { registry, run } = await treeOf(packed)
  for (const bytes of [Buffer.alloc(packed.length, 1), Buffer.concat([packed, packed])]) {
    registry.misbehave = ({ url = '' }, response, content) => content.equals(packed) && url && response.end(bytes)
    const { exitCode, stdout } = await run()
    expect([exitCode, JSON.parse(stdout).error.code]).toEqual([3, 'IMAGES_FAILED'])
  }
})

test('a chart that says to be larger than any is not asked for', async () => {
  const { registry, run } = await treeOf(await packedWith({}), 100 * 1024 * 1024 * 1024)
  const { exitCode, stdout } = await run()
  expect([exitCode, JSON.parse(stdout).failures[0].code]).toEqual([3, 'UNSUPPORTED'])
  expect(registry.requests.filter((one) => one.includes('/charts/web/blobs/'))).toEqual([])
})

testWithHelm('hostile charts').for<[what: string, files: Record<string, string>, why: string]>([
  [
    'a dependency that is not in it',
    { 'web/Chart.yaml': `${CHART}dependencies: [{name: db, version: 1.0.0, repository: "https://127.0.0.1:9"}]\n` },
    'missing in charts/ directory',
  ],
  ['a template that fails', { 'web/templates/a.yaml': '{{ fail "no" }}' }, 'no'],
  [
    'values that ask for a schema elsewhere',
    { 'web/values.schema.json': '{"$ref": "http://127.0.0.1:9/schema.json"}', 'web/templates/a.yaml': 'a: b' },
    'elsewhere',
  ],
])('%s is left out and said, and the rest goes on', async ([, files, why]) => {
  const { directory, run } = await treeOf(await packedWith(files))
  const { exitCode, stdout, stderr } = await run()
  expect(exitCode, stderr).toBe(0)
  const { omissions, images } = JSON.parse(stdout)
  expect(omissions).toMatchObject([{ code: 'CHART_ELSEWHERE', entries: [{ message: expect.stringContaining(why) }] }])
  expect(JSON.stringify(omissions)).not.toContain('nodeseed-charts-')
  expect(images).toHaveLength(2)
  expect((await readdir(directory)).sort()).toEqual(['in', 'x.tar'])
})

test('a chart that was missing when a lock was made is not taken for one that was looked into', async () => {
  const { registry, directory } = await treeOf(await packedWith({}))
  registry.misbehave = ({ url = '' }, response) =>
    url.includes('/charts/') && sendError(response, 404, 'MANIFEST_UNKNOWN')
  const [first, second] = ['first.lock', 'second.lock'].map((name) => join(directory, name))
  const lock = (...args: string[]) => runCli(['lock', ...args, '--platform', 'linux/amd64', '--json'])
  expect(await lock(join(directory, 'in'), '-o', first!, '--allow-missing')).toMatchObject({ exitCode: 4 })
  registry.misbehave = undefined
  const { exitCode, stdout, stderr } = await lock(first!, '-o', second!)
  expect(exitCode, stderr).toBe(0)
  expect(JSON.parse(stdout).omissions).toMatchObject([
    { code: 'CHART_ELSEWHERE', entries: [{ subject: `${registry.host}/charts/web:1.0.0` }] },
  ])
})
