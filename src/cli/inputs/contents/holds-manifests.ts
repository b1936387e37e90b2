import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { constants, createGunzip } from 'node:zlib'
import { decode } from '../../../layout/compressed/decode.ts'
import { decodeHeader } from '../../../layout/tar/tar-header.ts'
import { isText } from '../../texts/input-text.ts'
import { OF_IMAGES } from './packed-chart.ts'

/** Archives and compressed files that are not read, and may hold what would be. */
export const ARCHIVE_FILE = /\.(?:gz|tar|zip|(?:ya?ml|json|tar)\.(?:bz2|xz|zst))$/i

/** As much of a file as its kind is told by. */
export const MAX_SAMPLE = 64 * 1024
const MAX_ENTRIES = 1000
const BLOCK = 512
const MANIFEST_NAME = /\.(?:ya?ml|json)$/i
/** An entry of a zip's directory: its name is as long as two of its bytes say. */
const ZIP_ENTRY = Buffer.from('PK\x01\x02', 'latin1')
const ZIP_NAME = 46

/** Whether a text begins as manifests do: an API version and a kind, at the start of lines or in JSON. */
export function isManifestText(text: string): boolean {
  if (!text.includes('apiVersion') || !text.includes('kind')) return false
  if (/^\s*[[{]/.test(text)) {
    return /\bapiVersion["']?[ \t]{0,9}:/.test(text) && /\bkind["']?[ \t]{0,9}:/.test(text)
  }
  return /^(?:- )?["']?apiVersion["']?[ \t]{0,9}:/m.test(text) && /^(?:- | {2})?["']?kind["']?[ \t]{0,9}:/m.test(text)
}

/** Why an archive is to be told, which is not read; undefined where it holds no manifests, as far as its beginning tells. */
export async function whyArchive(handle: FileHandle, name: string): Promise<string | undefined> {
  if (/\.zip$/i.test(name)) {
    const names = await zipNames(handle)
    if (names.length === 0 && (await beginsAsZip(handle))) return 'is a zip whose directory cannot be read'
    return names.some(isManifestName) ? HOLDS : undefined
  }
  if (/\.tar$/i.test(name)) {
    const names = await tarNames(handle)
    return names.some(isManifestName) && !names.some((one) => OF_IMAGES.has(one)) ? HOLDS : undefined
  }
  if (!/\.gz$/i.test(name)) return 'is compressed, and may hold manifests'
  const sample = await unpackedBeginning(handle)
  if (sample.length === 0) return /\.(?:ya?ml|json)\.gz$/i.test(name) ? 'cannot be unpacked' : undefined
  return isText(sample) && isManifestText(sample.toString()) ? 'is compressed, and holds manifests' : undefined
}

const HOLDS = 'is an archive that is no chart, and holds manifests'

function isManifestName(name: string): boolean {
  return MANIFEST_NAME.test(name)
}

/** The names of the first entries; none beyond what is no header. */
async function tarNames(handle: FileHandle): Promise<string[]> {
  const names: string[] = []
  let at = 0
  while (names.length < MAX_ENTRIES) {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(BLOCK), 0, BLOCK, at)
    const header = bytesRead === BLOCK ? readHeader(buffer) : undefined
    if (!header) break
    names.push(header.name.replace(/^(?:\.\/)+/, ''))
    at += BLOCK + Math.ceil(header.size / BLOCK) * BLOCK
  }
  return names
}

function readHeader(block: Buffer): ReturnType<typeof decodeHeader> {
  try {
    return decodeHeader(block)
  } catch {
    return undefined
  }
}

/** The names in the directory of a zip, which stands at its end. Source: APPNOTE.TXT, 4.3.12. */
async function zipNames(handle: FileHandle): Promise<string[]> {
  const { size } = await handle.stat()
  const { buffer, bytesRead } = await handle.read(
    Buffer.alloc(MAX_SAMPLE),
    0,
    MAX_SAMPLE,
    Math.max(0, size - MAX_SAMPLE),
  )
  const names: string[] = []
  for (
    let at = buffer.indexOf(ZIP_ENTRY);
    at >= 0 && at + ZIP_NAME <= bytesRead;
    at = buffer.indexOf(ZIP_ENTRY, at + 4)
  ) {
    const from = at + ZIP_NAME
    names.push(buffer.toString('utf8', from, from + buffer.readUInt16LE(at + 28)))
  }
  return names
}

/** A zip without entries begins with the end of its directory, and holds nothing. */
async function beginsAsZip(handle: FileHandle): Promise<boolean> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0)
  return bytesRead === 4 && buffer.toString('latin1') === 'PK\x03\x04'
}

async function unpackedBeginning(handle: FileHandle): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_SAMPLE), 0, MAX_SAMPLE, 0)
  const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH })
  const parts: Buffer[] = []
  let bytes = 0
  try {
    for await (const part of decode(gunzip, Readable.from([buffer.subarray(0, bytesRead)]))) {
      parts.push(Buffer.from(part))
      bytes += part.byteLength
      if (bytes >= MAX_SAMPLE) break
    }
  } catch {
    // What was unpacked until then is looked at.
  }
  return Buffer.concat(parts).subarray(0, MAX_SAMPLE)
}
