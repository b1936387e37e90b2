import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { HELM_CHART, HELM_CONFIG, makeArtifact } from './artifact-maker.ts'
import type { Blobs } from './image-maker.ts'

const FLUX_CONFIG = 'application/vnd.cncf.flux.config.v1+json'
const FLUX_CONTENT = 'application/vnd.cncf.flux.content.v1.tar+gzip'

/** Files packed as tar.gz, the same bytes every time. */
export async function packFiles(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const archive = pack()
  for (const [name, text] of Object.entries(files)) archive.entry({ name, mtime: new Date(0) }, text)
  archive.finalize()
  return gzipSync(Buffer.concat(await Array.fromAsync(archive as AsyncIterable<Buffer>)))
}

/** A chart as `helm push` puts it into a registry, among blobs. */
export async function makeChart(
  blobs: Blobs,
  { name, version, files }: { name: string; version: string; files: Readonly<Record<string, string>> },
) {
  const chart = { apiVersion: 'v2', name, version }
  const packed = await packFiles({
    [`${name}/Chart.yaml`]: JSON.stringify(chart),
    ...Object.fromEntries(Object.entries(files).map(([path, text]) => [`${name}/${path}`, text])),
  })
  return makeArtifact(blobs, { configType: HELM_CONFIG, config: JSON.stringify(chart), layers: [[HELM_CHART, packed]] })
}

/** Manifests as `flux push artifact` puts them into a registry, among blobs. */
export async function makeFluxArtifact(blobs: Blobs, files: Readonly<Record<string, string>>) {
  return makeArtifact(blobs, { configType: FLUX_CONFIG, layers: [[FLUX_CONTENT, await packFiles(files)]] })
}
