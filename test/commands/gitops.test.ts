import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { startServing } from '../server/serving.ts'
import { packFiles } from '../support/chart-maker.ts'
import { runCli } from '../support/cli.ts'
import { testWith } from '../support/debian.ts'
import { startDockerRegistry } from '../support/docker-registry.ts'
import { fillUpstream, gitOpsTree, TREE_HOST } from '../support/gitops-tree.ts'
import { helm, pathWithHelm, testWithHelm } from '../support/helm.ts'
import { directoryWith, temporaryDirectory } from '../support/temporary.ts'

const ENV = { PATH: pathWithHelm() }
const ALWAYS = ['--policy', 'Never,IfNotPresent,Always']

/** What the tree names by itself, and what only its charts and artifacts name. */
const NAMED = ['models/small:1', 'shop/web:1.6']
const IN_CHARTS = ['shop/agent:3', 'shop/db:16', 'shop/proxy:2', 'shop/web:1.4', 'shop/web:1.5']
/** In `>=1.0.0 <2.0.0` of 1.0.0, 1.4.2 and 2.0.0 the second is the newest. */
const ARTIFACTS = ['charts/db:3.1.0_build', 'charts/web:1.0.0', 'charts/web:1.4.2', 'charts/web:2.0.0']
const FLUX = 'manifests/agent:stable'

const full = (names: readonly string[]) => names.map((name) => `${TREE_HOST}/${name}`).sort()

async function startUpstream() {
  const registry = await startDockerRegistry(await temporaryDirectory())
  onTestFinished(() => registry.stop())
  const targets = await fillUpstream(registry.host)
  return { host: registry.host, mirror: ['--mirror', `${TREE_HOST}=${registry.host}`], targets }
}

testWithHelm('a GitOps tree with its charts')(
  'what the charts of a GitOps tree name is in the bundle, and they too',
  async () => {
    const { mirror, targets } = await startUpstream()
    const tree = await gitOpsTree()
    const scan = await runCli(['scan', tree, '--charts', ...mirror, ...ALWAYS, '--json'], { env: ENV })
    expect(scan, scan.stderr).toMatchObject({ exitCode: 0 })
    const { images, uses, omissions } = JSON.parse(scan.stdout)
    expect(images.toSorted()).toEqual(full([...NAMED, ...IN_CHARTS]))
    expect(uses).toContainEqual(
      expect.objectContaining({
        reference: `${TREE_HOST}/shop/db:16`,
        file: `oci://${TREE_HOST}/charts/db:3.1.0_build/templates/db.yaml`,
        line: 10,
        why: expect.stringContaining(
          `in oci://${TREE_HOST}/charts/db:3.1.0_build, which Application argocd/db installs`,
        ),
      }),
    )
    expect(omissions).toMatchObject([
      { code: 'CHART_VALUES_UNKNOWN', count: 1, entries: [{ file: join(tree, 'web.yaml'), line: 15 }] },
    ])
    const file = join(await temporaryDirectory(), 'nodeseed.lock')
    const locked = await runCli(['lock', tree, ...mirror, '--platform', 'linux/amd64', '-o', file, '--json'], {
      env: ENV,
    })
    expect(locked, locked.stderr).toMatchObject({ exitCode: 0 })
    const lock = JSON.parse(await readFile(file, 'utf8'))
    const digests = lock.images.map(({ reference, target }: Locked) => [reference, target.digest])
    const wanted = [...NAMED, ...IN_CHARTS, ...ARTIFACTS, FLUX].sort()
    expect(digests).toEqual(wanted.map((name) => [`${TREE_HOST}/${name}`, targets[name]?.digest]))
  },
)

interface Locked {
  readonly reference: string
  readonly target: { readonly digest: string }
}

testWith(['docker-registry'])('offline, and without helm, what is not looked into is said', async () => {
  const { mirror } = await startUpstream()
  const tree = await gitOpsTree()
  const omissionsOf = async (args: string[], code: number) => {
    const { exitCode, stdout, stderr } = await runCli([...args, '--json'], { env: { PATH: '/nowhere' } })
    expect(exitCode, stderr).toBe(code)
    const { omissions } = JSON.parse(stdout)
    const { entries, hint } = omissions.find((one: { code: string }) => one.code === 'CHART_ELSEWHERE')
    return { said: entries.map(({ message }: { message: string }) => message).join('\n'), hint }
  }
  const offline = await omissionsOf(['scan', tree], 0)
  for (const name of [
    'HelmRelease shop/web',
    'Application argocd/db',
    'ApplicationSet argocd/webs',
    'HelmChart kube-system/edge',
    'OCIRepository flux-system/agent',
  ]) {
    expect(offline.said).toContain(name)
  }
  expect(offline.hint).toContain('nodeseed scan --charts')
  const noHelm = await omissionsOf(['scan', tree, '--charts', ...mirror], 0)
  expect(noHelm.said).toContain(
    `HelmRelease shop/web: installs the chart oci://${TREE_HOST}/charts/web:>=1.0.0 <2.0.0, whose images are not known here: helm is not here`,
  )
  expect(noHelm.said).not.toContain('OCIRepository')
  const strict = ['bundle', tree, ...mirror, '--platform', 'linux/amd64', '-o', '/nowhere/x.tar', '--strict']
  expect(await runCli(strict, { env: { PATH: '/nowhere' } })).toMatchObject({ exitCode: 2 })
})

testWithHelm('helm against serve and push')(
  'helm has the charts offline under their own addresses, and from a registry',
  async () => {
    const { mirror, targets } = await startUpstream()
    const file = join(await temporaryDirectory(), 'shop.tar')
    const made = await runCli(['bundle', await gitOpsTree(), ...mirror, '--platform', 'linux/amd64', '-o', file], {
      env: ENV,
    })
    expect(made, made.stderr).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('6 images and 6 artifacts'),
    })
    const { url } = await startServing([file])
    const other = await startDockerRegistry(await temporaryDirectory())
    onTestFinished(() => other.stop())
    expect(await runCli(['push', file, other.host])).toMatchObject({ exitCode: 0 })
    const web = '1.4.2'
    const places = [
      { charts: `oci://${TREE_HOST}/charts`, proxy: url },
      { charts: `oci://${new URL(url).host}/charts`, proxy: '' },
      { charts: `oci://${other.host}/charts`, proxy: '' },
    ]
    for (const { charts, proxy } of places) {
      const pulled = await helm(['pull', `${charts}/web`, '--version', '1.x', '--plain-http'], proxy)
      expect(pulled.stdout + pulled.stderr).toContain(`Digest: ${targets[`charts/web:${web}`]?.digest}`)
      const rendered = await helm(
        ['template', 'db', `${charts}/db`, '--version', '3.1.0+build', '--plain-http', '--set', 'version=16'],
        proxy,
      )
      expect(rendered.stdout).toContain(`image: ${TREE_HOST}/shop/db:16`)
    }
  },
)

/** What source-controller asks for: the tags of a range, the tag, its manifest by digest, each layer. */
testWith(['docker-registry'])('Flux finds its artifacts and the versions of charts in what is served', async () => {
  const { mirror, targets } = await startUpstream()
  const file = join(await temporaryDirectory(), 'shop.tar')
  const args = ['bundle', await gitOpsTree(), ...mirror, '--platform', 'linux/amd64', '-o', file]
  const made = await runCli(args, { env: { PATH: '/nowhere' } })
  expect(made, made.stderr).toMatchObject({ exitCode: 0 })
  const { url } = await startServing([file])
  const ask = (path: string) => askAs(TREE_HOST, new URL(path, url))
  expect((await ask('/v2/')).status).toBe(200)
  const { body: tags } = await ask('/v2/charts/web/tags/list?n=1000')
  expect(JSON.parse(tags.toString()).tags.sort()).toEqual(['1.0.0', '1.4.2', '2.0.0'])
  const { digest = '' } = targets['manifests/agent:stable'] ?? {}
  const byTag = await ask('/v2/manifests/agent/manifests/stable')
  expect([byTag.status, byTag.digest]).toEqual([200, digest])
  const { body: manifest } = await ask(`/v2/manifests/agent/manifests/${digest}`)
  expect(manifest.equals(byTag.body)).toBe(true)
  for (const layer of JSON.parse(manifest.toString()).layers) {
    expect(digestOf((await ask(`/v2/manifests/agent/blobs/${layer.digest}`)).body)).toBe(layer.digest)
  }
})

/** Asks a server under the name of another, as who finds it by that name. */
async function askAs(host: string, { hostname, port, pathname, search }: URL) {
  const sent = request({ hostname, port, path: `${pathname}${search}`, headers: { host, accept: OCI_MANIFEST } })
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const body = Buffer.concat(await response.toArray())
  return { status: response.statusCode, digest: response.headers['docker-content-digest'], body }
}

testWithHelm('charts at addresses')('charts and manifests are inputs by their addresses', async () => {
  const { mirror } = await startUpstream()
  const values = join(await temporaryDirectory(), 'values.yaml')
  await writeFile(values, 'image: {tag: "1.5"}\nproxy: true\n')
  const addresses = ['charts/web:1.4.2', 'charts/db', 'manifests/agent:stable'].map(
    (name) => `oci://${TREE_HOST}/${name}`,
  )
  const options = [...mirror, '--values', values, '--set', 'version=16', '--format', 'images']
  const scan = await runCli(['scan', ...addresses, ...options], { env: ENV })
  expect(scan, scan.stderr).toMatchObject({ exitCode: 0 })
  const images = ['shop/agent:3', 'shop/db:16', 'shop/proxy:2', 'shop/web:1.5']
  expect(scan.stdout.trim().split('\n').sort()).toEqual(full(images))
  const wrong = await runCli(['scan', `oci://${TREE_HOST}/Charts/web`], { env: ENV })
  expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('not the address of a chart') })
  const none = await runCli(['scan', `oci://${TREE_HOST}/charts/web:9.9.9`, ...mirror, '--json'], { env: ENV })
  expect([none.exitCode, JSON.parse(none.stdout).failures[0].code]).toEqual([3, 'MANIFEST_UNKNOWN'])
})

testWithHelm('charts of repositories with an index')(
  'a chart of a repository with an index is asked for where that is allowed, and comes out as a file',
  async () => {
    const { mirror } = await startUpstream()
    const files = { 'web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.1.0\n', 'web/templates/web.yaml': POD }
    const packed = await packFiles(files)
    let digest = digestOf(packed).slice('sha256:'.length)
    const server = createServer(({ url }, response) => {
      const entry = (version: string) => ({ name: 'web', version, urls: [`files/web-${version}.tgz`], digest })
      if (url === '/stable/index.yaml')
        response.end(JSON.stringify({ entries: { web: ['2.0.0', '1.1.0', '1.0.0'].map(entry) } }))
      else if (url === '/stable/files/web-1.1.0.tgz') response.end(packed)
      else response.writeHead(404).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/stable`
    const application = `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec: {source: {repoURL: "${url}", chart: web, targetRevision: 1.x}}\n`
    const directory = await directoryWith({ 'in/web.yaml': application })
    const run = (command: string, output: string, ...more: string[]) =>
      runCli(
        [
          command,
          join(directory, 'in'),
          ...mirror,
          '--platform',
          'linux/amd64',
          '-o',
          join(directory, output),
          '--json',
          ...more,
        ],
        { env: ENV },
      )
    expect(await run('lock', 'no.lock')).toMatchObject({ exitCode: 2 })
    const locked = JSON.parse((await run('lock', 'web.lock', '--allow-remote')).stdout)
    expect(locked.images.map(({ reference }: Locked) => reference)).toEqual([`${TREE_HOST}/shop/proxy:2`])
    expect(locked.omissions).toMatchObject([{ code: 'CHART_NOT_LOCKED', entries: [{ subject: 'web-1.1.0.tgz' }] }])
    const made = await run('bundle', 'web.tar', '--allow-remote')
    expect(made, made.stderr).toMatchObject({ exitCode: 0 })
    expect(JSON.parse(made.stdout).omissions).toEqual([])
    const out = join(directory, 'out')
    expect(await runCli(['extract', join(directory, 'web.tar'), '-o', out])).toMatchObject({ exitCode: 0 })
    expect((await readFile(join(out, 'web-1.1.0.tgz'))).equals(packed)).toBe(true)
    expect((await helm(['template', 'web', join(out, 'web-1.1.0.tgz')])).stdout).toContain(`${TREE_HOST}/shop/proxy:2`)
    digest = '0'.repeat(64)
    const changed = await run('bundle', 'changed.tar', '--allow-remote')
    expect([changed.exitCode, JSON.parse(changed.stdout).error.code]).toEqual([4, 'CONTENT_MISMATCH'])
  },
)

const POD = `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: "${TREE_HOST}/shop/proxy:2"}]}\n`
