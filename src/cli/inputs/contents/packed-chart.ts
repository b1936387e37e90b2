import { text } from 'node:stream/consumers'
import { packedFiles } from '../../../layout/archives/packed-files.ts'
import { openRegularFile } from '../../texts/regular-file.ts'
import { isLibrary } from './library-chart.ts'

/** What a gzipped tar is: a chart that can be rendered; what is no input; or why it is neither. */
export type Packed = 'chart' | 'nothing' | { readonly why: string }

export const PACKED_FILE = /\.(?:tgz|tar\.gz)$/i

/** `helm package` puts the Chart.yaml first, and charts are small; a longer look is for what surely is none. */
const MAX_BYTES = 64 * 1024 * 1024
/** Files at the top by which archives with images are known. */
export const OF_IMAGES: ReadonlySet<string> = new Set(['oci-layout', 'index.json', 'manifest.json', 'repositories'])

/** Looks into a packed file without unpacking it anywhere. Rejects with what the file system says of it. */
export async function packedAs(path: string): Promise<Packed> {
  const handle = await openRegularFile(path)
  try {
    return await packed(handle.createReadStream({ autoClose: false }))
  } catch (error) {
    return { why: `cannot be unpacked: ${(error as Error).message}` }
  } finally {
    await handle.close()
  }
}

async function packed(chunks: AsyncIterable<Uint8Array>): Promise<Packed> {
  let holdsManifests = false
  for await (const { name, content } of packedFiles(chunks, MAX_BYTES)) {
    if (OF_IMAGES.has(name)) return 'nothing'
    if (/^[^/]+\/Chart\.yaml$/.test(name)) return isLibrary(await text(content)) ? 'nothing' : 'chart'
    holdsManifests ||= /\.ya?ml$/i.test(name)
  }
  return holdsManifests ? { why: 'is an archive that is no chart, and holds manifests' } : 'nothing'
}
