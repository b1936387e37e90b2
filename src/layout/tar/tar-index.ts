import { posix } from 'node:path'
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

/** A link to a link is one more step than any archive needs. */
const MAX_LINKS = 8
/** Extended headers longer than this are no names but an attack. */
const MAX_EXTENSION = 64 * 1024

/** The files of a tar by name, in file order, and its links by theirs, with what they say to lead to from the top. */
export interface TarIndex {
  readonly entries: ReadonlyMap<string, TarEntry>
  readonly links: ReadonlyMap<string, string>
}

/**
 * What is in a tar, found by walking from header to header without reading what is between. Directories are left out.
 *
 * @throws {ExpectedError} BUNDLE_INVALID for what no archive of images may hold: devices, sparse files, names that lead
 * out of a directory, the same name twice, content beyond the end of the file.
 */
export async function indexTar(file: ByteFile): Promise<TarIndex> {
  const entries = new Map<string, TarEntry>()
  const links = new Map<string, string>()
  let extension: Extension = {}
  for (let at = 0; ; ) {
    const header = await readHeader(file, at)
    if (!header) return { entries, links }
    const offset = at + BLOCK
    const size = extension.size ?? header.size
    if (offset + size > file.size) throw file.truncated()
    at = offset + Math.ceil(size / BLOCK) * BLOCK
    if (header.type === 'pax' || header.type === 'long-name' || header.type === 'long-link') {
      extension = { ...extension, ...(await readExtension(file, header, offset)) }
      continue
    }
    const name = (extension.name ?? header.name).replace(/^(?:\.\/)+/, '')
    const target = extension.target ?? header.target
    const { isSparse } = extension
    extension = {}
    if (header.type === 'global-pax') continue
    if (header.type === 'other') throw invalid(file, `"${name}" is neither a file nor a directory`)
    if (name === '' || name.endsWith('/') || header.type === 'directory') continue
    if (!isSafeName(name)) throw invalid(file, `the name ${JSON.stringify(name)} leads out of the archive`)
    if (isSparse) throw invalid(file, `"${name}" is a sparse file, of which holes are left out`)
    if (entries.has(name) || links.has(name)) throw invalid(file, `"${name}" is there twice`)
    const isLink = header.type === 'symlink' || header.type === 'link'
    if (isLink && size > 0) throw invalid(file, `"${name}" is a link with content`)
    if (isLink) links.set(name, header.type === 'link' ? posix.normalize(target) : fromTop(name, target))
    else entries.set(name, { name, size, offset })
  }
}

/** Where a symbolic link leads, from the top of the archive. */
function fromTop(name: string, target: string): string {
  return target.startsWith('/') ? target : posix.join(posix.dirname(name), target)
}

interface Extension {
  readonly name?: string
  readonly target?: string
  readonly isSparse?: boolean
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
  const text = content.toString('utf8').replace(/\0+$/, '')
  if (header.type === 'long-name') return { name: text }
  if (header.type === 'long-link') return { target: text }
  return parsePax(content)
}

/** Records of the form `<length> <key>=<value>\n`; only paths and the size matter here. */
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
  const target = records.get('linkpath')
  const isSparse = [...records.keys()].some((key) => key.startsWith('GNU.sparse.'))
  const size = Number(records.get('size') ?? Number.NaN)
  return {
    ...(name !== undefined && { name }),
    ...(target !== undefined && { target }),
    ...(isSparse && { isSparse }),
    ...(Number.isSafeInteger(size) && size >= 0 && { size }),
  }
}

function isSafeName(name: string): boolean {
  return !name.startsWith('/') && !/[\0\\]/.test(name) && !name.split('/').some((part) => part === '..' || part === '')
}

/**
 * The files of a tar, with every link as the file that it leads to.
 *
 * @throws {ExpectedError} BUNDLE_INVALID for a link that leads out, nowhere, or around in a circle.
 */
export function followLinks(file: ByteFile, { entries, links }: TarIndex): ReadonlyMap<string, TarEntry> {
  const all = new Map(entries)
  for (const name of links.keys()) {
    let target = name
    for (let steps = 0; links.has(target) && steps <= MAX_LINKS; steps++) target = links.get(target)!
    const entry = entries.get(target)
    if (!entry) throw invalid(file, `"${name}" is a link to ${JSON.stringify(links.get(name))}, which is no file in it`)
    all.set(name, entry)
  }
  return all
}

/** The files of a tar that may have no links. @throws {ExpectedError} BUNDLE_INVALID when it has one */
export function withoutLinks(file: ByteFile, { entries, links }: TarIndex): ReadonlyMap<string, TarEntry> {
  const [link] = links.keys()
  if (link !== undefined) throw invalid(file, `"${link}" is neither a file nor a directory`)
  return entries
}

function invalid({ path }: ByteFile, problem: string): ExpectedError {
  return new ExpectedError('BUNDLE_INVALID', `${path}: ${problem}`, {
    hint: 'Get the file again from where it was made; no archive of images holds anything like this.',
  })
}
