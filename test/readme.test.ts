import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join, resolve } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { demoContent } from '../src/demo/images.ts'
import { readAllDocuments } from '../src/kubernetes/documents/document.ts'
import { resourcesOf } from '../src/kubernetes/objects/resource.ts'
import { OCI_MANIFEST } from '../src/oci/media-type.ts'
import { listen } from '../src/server/http/listen.ts'
import { registryService } from '../src/server/http/service.ts'
import type { MemoryContent } from '../src/server/registry/memory-content.ts'
import { type ApiObject, ApiServer } from './support/api-server.ts'
import { HELM_CHART, HELM_CONFIG } from './support/artifact-maker.ts'
import { packFiles } from './support/chart-maker.ts'
import { startContainerd } from './support/containerd.ts'
import { testWith, toolEnvironment } from './support/debian.ts'
import { temporaryDirectory } from './support/temporary.ts'

const [readme, nextMonth] = await Promise.all(['README.md', 'docs/next-month.md'].map((file) => readFile(file, 'utf8')))
// The chapter on the next month goes on where the README ends.
const blocks = [...`${readme}\n${nextMonth}`.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(
  ([, language, text = '']) => ({
    language,
    text,
  }),
)
const scripts = blocks.filter(({ language }) => language === 'sh').map(({ text }) => withoutOwnScripts(text))

// kubectl's kustomize knows components since 1.21.
testWith(['containerd', 'ctr', 'runc', 'kubectl', 'skopeo'], { root: true, kubectl: 21 })(
  'every command block of the README and of docs/next-month.md works, in its order, from an empty directory',
  async () => {
    const run = await user()
    for (const script of scripts) {
      const { code, output } = await run(script)
      expect({ script, code, output: code === 0 ? '' : output }).toEqual({ script, code: 0, output: '' })
    }
  },
)

/** The block without commands that build or test the project itself: this test is inside them. */
function withoutOwnScripts(text: string): string {
  return text.replace(/^npm (?:run|cit|ci|test|pack|install)\b.*$/gm, '')
}

/** The chart that the example of a GitOps tree names. */
async function addChart(content: MemoryContent): Promise<void> {
  const chart = { apiVersion: 'v2', name: 'web', version: '1.4.2' }
  const template =
    'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: "registry.example.com/shop/web:{{ .Values.image.tag }}"}]}\n'
  const files = { 'web/Chart.yaml': JSON.stringify(chart), 'web/templates/web.yaml': template }
  const layers = [content.addBlob(HELM_CHART, await packFiles(files))]
  const config = content.addBlob(HELM_CONFIG, Buffer.from(JSON.stringify(chart)))
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers }
  content.addManifest('registry.example.com/charts/web', manifest, chart.version)
}

/** A user's shell: nodeseed and the tools on PATH, a cluster, a node's containerd, and the registries behind a mirror. */
async function user(): Promise<(script: string) => Promise<{ code: number; output: string }>> {
  const home = await temporaryDirectory()
  await mkdir(join(home, 'bin'))
  const program = join(home, 'bin', 'nodeseed')
  await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${resolve('bin/run.js')}" "$@"\n`)
  await chmod(program, 0o755)
  await cp('examples', join(home, 'examples'), { recursive: true })
  await cp('examples/demo/shop.yaml', join(home, 'manifests', 'shop.yaml'))

  const nodes = readAllDocuments(await readFile('examples/demo/nodes.yaml', 'utf8'), 'nodes.yaml').flatMap(resourcesOf)
  const content = await demoContent()
  await addChart(content)
  // Kubelets list what is seeded within a minute; this cluster has none, so its nodes list it from the beginning.
  const images = content
    .repositories()
    .flatMap((name) => content.tags(name).map((tag) => ({ names: [`${name}:${tag}`] })))
  const objects = nodes.map(({ value }) => structuredClone(value) as unknown as ApiObject)
  for (const { status } of objects as unknown as { status: { images: object[] } }[]) status.images.push(...images)
  const api = await ApiServer.start(objects)
  await writeFile(join(home, 'kubeconfig'), api.kubeconfig())
  const registry = await listen(registryService({ lease: () => ({ content, release() {} }) }))
  onTestFinished(() => registry.close())
  const containerd = await startContainerd()

  const environment = toolEnvironment({
    HOME: home,
    KUBECONFIG: join(home, 'kubeconfig'),
    NODESEED_EDITIONS: join(home, 'editions'),
    NODESEED_MIRROR: `registry.example.com=${registry.address}/registry.example.com`,
    CONTAINERD_ADDRESS: containerd.socket,
  })
  const env = { ...environment, PATH: [join(home, 'bin'), environment.PATH].join(delimiter) }
  return (script) =>
    new Promise((done) => {
      execFile(
        'bash',
        ['--norc', '-euo', 'pipefail', '-c', script],
        { cwd: home, env, timeout: 600_000 },
        (error, stdout, stderr) => {
          done({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr })
        },
      )
    })
}
