import { BLOCK } from '../../bundle/format/tar-header.ts'
import { ExpectedError } from '../../errors.ts'
import type { ByteFile } from '../files/byte-file.ts'
import { decodeHeader, type TarHeader } from './tar-header.ts'

/** A file inside a tar: `size` bytes at `offset` from the start of the archive. */
export interface TarEntry {
  readonly name: string
  readonly size: number
  readonly offset: number
}

/** Extended headers longer than this are no names but an attack. */
const MAX_EXTENSION = 64 * 1024

/**
 * The files of a tar by name, in file order, found by walking from header to header without reading what is between.
 * Directories are left out.
 *
 * @throws {ExpectedError} BUNDLE_INVALID for what no bundle may hold: links, devices, names that lead out of a
 * directory, the same name twice, content beyond the end of the file.
 */
export async function indexTar(file: ByteFile): Promise<Map<string, TarEntry>> {
  const entries = new Map<string, TarEntry>()
  let extension: Extension = {}
  for (let at = 0; ; ) {
    const header = await readHeader(file, at)
    if (!header) return entries
    const offset = at + BLOCK
    const size = extension.size ?? header.size
    if (offset + size > file.size) throw file.truncated()
    at = offset + Math.ceil(size / BLOCK) * BLOCK
    if (header.type === 'pax' || header.type === 'long-name') {
      extension = { ...extension, ...(await readExtension(file, header, offset)) }
      continue
    }
    const name = (extension.name ?? header.name).replace(/^(?:\.\/)+/, '')
    extension = {}
    if (header.type === 'global-pax') continue
    if (header.type === 'other') throw invalid(file, `"${name}" is neither a file nor a directory`)
    if (name === '' || name.endsWith('/') || header.type === 'directory') continue
    if (!isSafeName(name)) throw invalid(file, `the name ${JSON.stringify(name)} leads out of the archive`)
    if (entries.has(name)) throw invalid(file, `"${name}" is there twice`)
    entries.set(name, { name, size, offset })
  }
}

interface Extension {
  readonly name?: string
  readonly size?: number
}

async function readHeader(file: ByteFile, at: number): Promise<TarHeader | undefined> {
  // An archive ends with blocks of zeros, but one that just ends between two entries is complete too.
  if (at === file.size && at > 0) return undefined
  if (at + BLOCK > file.size) throw file.truncated()
  try {
    return decodeHeader(await file.read(at, BLOCK))
  } catch (error) {
    if (error instanceof ExpectedError && error.code === 'BUNDLE_INVALID')
      throw invalid(file, `byte ${at}: ${error.message}`)
    throw error
  }
}

async function readExtension(file: ByteFile, header: TarHeader, offset: number): Promise<Extension> {
  if (header.size > MAX_EXTENSION) throw invalid(file, `byte ${offset}: an extended header of ${header.size} bytes`)
  const content = await file.read(offset, header.size)
  if (header.type === 'long-name') return { name: content.toString('utf8').replace(/\0+$/, '') }
  return parsePax(content)
}

/** Records of the form `<length> <key>=<value>\n`; only the path and the size matter here. */
function parsePax(content: Buffer): Extension {
  const records = new Map<string, string>()
  for (let at = 0; at < content.length; ) {
    const blank = content.indexOf(0x20, at)
    const length = blank < 0 ? Number.NaN : Number(content.toString('latin1', at, blank))
    if (!(length > 0)) break
    const [key = '', ...value] = content.toString('utf8', blank + 1, at + length - 1).split('=')
    records.set(key, value.join('='))
    at += length
  }
  const name = records.get('path')
  const size = Number(records.get('size') ?? Number.NaN)
  return { ...(name !== undefined && { name }), ...(Number.isSafeInteger(size) && size >= 0 && { size }) }
}

function isSafeName(name: string): boolean {
  return !name.startsWith('/') && !/[\0\\]/.test(name) && !name.split('/').some((part) => part === '..' || part === '')
}

function invalid({ path }: ByteFile, problem: string): ExpectedError {
  return new ExpectedError('BUNDLE_INVALID', `${path}: ${problem}`, {
    hint: 'Get the file again from where it was made; a bundle of nodeseed holds nothing like this.',
  })
}
