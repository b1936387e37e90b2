import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import type { Descriptor } from '../oci/descriptor.ts'
import { digestOf } from '../oci/digest.ts'
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from '../oci/media-type.ts'
import { MemoryContent } from '../server/registry/memory-content.ts'
import { type Architecture, printingProgram } from './program.ts'

/** An image of one program that says its name and waits. */
interface DemoImage {
  readonly repository: string
  readonly tag: string
  readonly architectures: readonly Architecture[]
}

const BOTH: readonly Architecture[] = ['amd64', 'arm64']

/** The images that `examples/demo` uses. */
const DEMO_IMAGES: readonly DemoImage[] = [
  { repository: 'registry.example.com/shop/web', tag: '1.4', architectures: BOTH },
  { repository: 'registry.example.com/shop/api', tag: '2.0.1', architectures: BOTH },
  { repository: 'registry.example.com/shop/migrate', tag: '2.0.1', architectures: BOTH },
  { repository: 'registry.example.com/shop/report', tag: '0.9', architectures: ['amd64'] },
  { repository: 'registry.example.com/edge/agent', tag: '3.1', architectures: BOTH },
]

/** A registry's content with small images that really run; made here, so that the demo needs no network. */
export async function demoContent(images: readonly DemoImage[] = DEMO_IMAGES): Promise<MemoryContent> {
  const content = new MemoryContent()
  for (const image of images) await addImage(content, image)
  return content
}

/** An index over all platforms; a plain manifest where there is only one, as most builds leave it. */
async function addImage(content: MemoryContent, { repository, tag, architectures }: DemoImage): Promise<void> {
  const manifests: Descriptor[] = []
  const isSingle = architectures.length === 1
  for (const architecture of architectures) {
    const manifest = await platformManifest(content, `${repository}:${tag}`, architecture)
    const descriptor = content.addManifest(repository, manifest, isSingle ? tag : undefined)
    manifests.push({ ...descriptor, platform: { os: 'linux', architecture } })
  }
  if (!isSingle) content.addManifest(repository, { schemaVersion: 2, mediaType: OCI_INDEX, manifests }, tag)
}

async function platformManifest(content: MemoryContent, name: string, architecture: Architecture) {
  const base = await tarOf('etc/os-release', Buffer.from('NAME="nodeseed demo"\nID=demo\n'), 0o644)
  const program = await tarOf('demo', printingProgram(architecture, `${name} runs on ${architecture}`), 0o755)
  const config = Buffer.from(JSON.stringify(configOf(architecture, [base, program])))
  return {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: content.addBlob(OCI_CONFIG, config),
    layers: [base, program].map((layer) => content.addBlob(OCI_LAYER_GZIP, gzipSync(layer))),
  }
}

function configOf(architecture: Architecture, layers: readonly Buffer[]) {
  return {
    created: '2026-01-01T00:00:00Z',
    architecture,
    os: 'linux',
    config: { Entrypoint: ['/demo'], User: '65532:65532' },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => digestOf(layer)) },
  }
}

/** A tar of one file, the same bytes every time. */
async function tarOf(name: string, file: Buffer, mode: number): Promise<Buffer> {
  const archive = pack()
  archive.entry({ name, mode, mtime: new Date(0) }, file)
  archive.finalize()
  return Buffer.concat(await Array.fromAsync(archive as AsyncIterable<Buffer>))
}
