import { posix } from 'node:path'
import { BLOCK } from '../../bundle/format/tar-header.ts'
import { ExpectedError } from '../../errors.ts'
import { type ByteFile, CHUNK } from '../files/byte-file.ts'
import { type Extension, parsePax } from './extension.ts'
import { decodeHeader, isHeader, type TarHeader } from './tar-header.ts'

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

/** What is in a tar, by name. */
export interface TarIndex {
  /** Files, in file order. */
  readonly entries: ReadonlyMap<string, TarEntry>
  /** Links, with what they say to lead to from the top. */
  readonly links: ReadonlyMap<string, string>
  /** What is neither and holds no bytes of a file, such as devices, sparse files or labels, with what it is. */
  readonly others: ReadonlyMap<string, string>
}

/**
 * What is in a tar, found by walking from header to header without reading what is between. Directories are left out; a
 * file that is there twice counts once, where both are the same.
 *
 * @throws {ExpectedError} BUNDLE_INVALID for what programs read in different ways, or one to the end and another not: names
 * that lead out of a directory, two things under one name, content beyond the end of the file or behind that of the archive.
 */
export async function indexTar(file: ByteFile): Promise<TarIndex> {
  const entries = new Map<string, TarEntry>()
  const links = new Map<string, string>()
  const others = new Map<string, string>()
  let extension: Extension = {}
  for (let at = 0; ; ) {
    const header = await readHeader(file, at)
    if (!header) {
      await refuseMore(file, at)
      return { entries, links, others }
    }
    const offset = await contentAfter(file, at, header)
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
    const isLink = header.type === 'symlink' || header.type === 'link'
    if (size > 0 && (isLink || header.type === 'directory' || BARE.has(header.what))) {
      throw invalid(file, `"${name}" is ${isLink ? 'a link' : 'no file'} with content`)
    }
    if (header.type === 'other' || isSparse) {
      others.set(name, isSparse ? 'a sparse file' : header.what)
      continue
    }
    if (name === '' || name.endsWith('/') || header.type === 'directory') continue
    if (!isSafeName(name)) throw invalid(file, `the name ${JSON.stringify(name)} leads out of the archive`)
    if (isLink) {
      const leads = header.type === 'link' ? posix.normalize(target) : fromTop(name, target)
      if (entries.has(name) || (links.get(name) ?? leads) !== leads) throw twice(file, name)
      links.set(name, leads)
      continue
    }
    const entry = { name, size, offset }
    const known = entries.get(name)
    if (links.has(name) || (known && !(await areSame(file, known, entry)))) throw twice(file, name)
    if (!known) entries.set(name, entry)
  }
}

/** What has no content, whatever size its header says; some programs go on behind that size, and some do not. */
const BARE = new Set(['a device', 'a named pipe'])

/** Where the content of an entry begins: behind its header, and what goes on with it. */
async function contentAfter(file: ByteFile, at: number, { goesOn }: TarHeader): Promise<number> {
  let offset = at + BLOCK
  for (let more = goesOn; more; offset += BLOCK) {
    if (offset + BLOCK > file.size) throw file.truncated()
    more = (await file.read(offset, BLOCK))[504] === 1
  }
  return offset
}

async function areSame(file: ByteFile, one: TarEntry, other: TarEntry): Promise<boolean> {
  if (one.size !== other.size) return false
  const hash = ({ offset, size }: TarEntry) => file.hash({ start: offset, end: offset + size, algorithm: 'sha256' })
  return (await hash(one)) === (await hash(other))
}

const ZEROS = Buffer.alloc(CHUNK)

/** What lies behind the end of an archive most programs do not read; of two that were joined the second would be lost. */
async function refuseMore(file: ByteFile, end: number): Promise<void> {
  let at = end
  for await (const chunk of file.stream(end, file.size, { reuse: true })) {
    if (chunk.equals(ZEROS.subarray(0, chunk.length))) {
      at += chunk.length
      continue
    }
    const found = chunk.findIndex((byte) => byte !== 0)
    const place = end + Math.floor((at + found - end) / BLOCK) * BLOCK
    const isAnother = place + BLOCK <= file.size && isHeader(await file.read(place, BLOCK))
    const what = isAnother ? 'another archive begins' : 'something is'
    throw new ExpectedError('BUNDLE_INVALID', `${file.path}: ${what} behind its end, at byte ${place}`, {
      hint: 'Most programs read only up to that end. Name archives one by one, not joined to one file; or get the file again.',
    })
  }
}

/** Where a symbolic link leads, from the top of the archive. */
function fromTop(name: string, target: string): string {
  return target.startsWith('/') ? target : posix.join(posix.dirname(name), target)
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

function isSafeName(name: string): boolean {
  return !name.startsWith('/') && !/[\0\\]/.test(name) && !name.split('/').some((part) => part === '..' || part === '')
}

/** The files of a tar, with each link as the file that it leads to; and what is none, or leads to none, with what it is. */
export function followLinks({ entries, links, others }: TarIndex): Pick<TarIndex, 'entries' | 'others'> {
  const [all, rest] = [new Map(entries), new Map(others)]
  for (const name of links.keys()) {
    let target = name
    for (let steps = 0; links.has(target) && steps <= MAX_LINKS; steps++) target = links.get(target)!
    const entry = entries.get(target)
    if (entry) all.set(name, entry)
    else rest.set(name, `a link to ${JSON.stringify(links.get(name))}, which is no file in it`)
  }
  return { entries: all, others: rest }
}

/** The files of a tar that may have nothing else. @throws {ExpectedError} BUNDLE_INVALID when it has */
export function onlyFiles(file: ByteFile, { entries, links, others }: TarIndex): ReadonlyMap<string, TarEntry> {
  const [other] = [...links.keys(), ...others.keys()]
  if (other !== undefined) throw invalid(file, `"${other}" is neither a file nor a directory`)
  return entries
}

function twice(file: ByteFile, name: string): ExpectedError {
  return invalid(file, `"${name}" is there twice, and not the same`)
}

function invalid({ path }: ByteFile, problem: string): ExpectedError {
  return new ExpectedError('BUNDLE_INVALID', `${path}: ${problem}`, {
    hint: 'Get the file again from where it was made; no archive of images holds anything like this.',
  })
}
