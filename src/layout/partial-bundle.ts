import { rmSync } from 'node:fs'
import { rename, rm, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { indexOf, type PlannedFile } from '../bundle/format/plan.ts'
import { encodeHeader } from '../bundle/format/tar-header.ts'
import { outputExists } from '../disk/output-place.ts'
import { leftoversBeside, newNameBeside } from '../disk/own-name.ts'
import { ExpectedError } from '../errors.ts'
import { digestOf } from '../oci/digest.ts'
import { formatBytes } from '../oci/format-bytes.ts'
import { type BundleFile, openBundle } from './bundle-file.ts'
import { partsBeside } from './files/part-name.ts'
import { namesOf, PartedFile, type Shape } from './files/parted-file.ts'
import { Journal, type Publishing, readJournal } from './journal.ts'
import { replacedFiles, settlePublishing } from './publication.ts'

/** A laid out bundle: what the writer needs of a plan. */
export interface LaidOutBundle {
  readonly files: readonly PlannedFile[]
  readonly size: number
}

/** What has arrived of a bundle, and what its name stands for until it is whole. */
export interface OpenPartial {
  readonly file: PartedFile
  readonly journal: Journal
  readonly leftover: BundleFile | undefined
  readonly publishing: Publishing
}

/**
 * Goes on with the partial file of the same plan, or makes one.
 *
 * @throws {ExpectedError} OUTPUT_EXISTS where its temporary names, or those of parts, are taken; DISK_FULL
 */
export async function openPartial(path: string, plan: LaidOutBundle, shape: Shape): Promise<OpenPartial> {
  removeLeftovers(path)
  const [partial, id, record] = [partialOf(path), idOf(plan, shape), await readJournal(journalOf(path))]
  if (record) await settlePublishing(partial, path, record)
  const old = await replacedFiles(path, shape, record?.publishing?.old)
  const publishing = { parts: shape.partSize === undefined ? 0 : namesOf(path, shape).length, old }
  const known = record?.plan === id ? await PartedFile.reopen(partial, shape) : undefined
  if (known && record) {
    await checkSpace(path, shape, known)
    // A crash of the machine may have lost what was written of them.
    for (const planned of plan.files) await writeHead(known, planned)
    return { file: known, journal: await Journal.goOn(journalOf(path), record), leftover: undefined, publishing }
  }
  const leftover = record && (await keepLeftover(path))
  if (record) await rm(journalOf(path))
  const journal = await Journal.start(journalOf(path), id)
  try {
    return { file: await makePartial(path, plan, shape), journal, leftover, publishing }
  } catch (error) {
    await journal.remove()
    throw error
  }
}

/** What has arrived lies here. */
export function partialOf(path: string): string {
  return `${path}.partial`
}

/** How far it has come stands here. */
export function journalOf(path: string): string {
  return `${partialOf(path)}.journal`
}

/** Removes what runs that were killed left beside a bundle; it must be locked. */
export function removeLeftovers(path: string): void {
  for (const name of leftoversBeside(path, 'tmp')) rmSync(name, { force: true })
}

/** index.json holds the digest of the table, and so stands for the whole plan. */
function idOf(plan: LaidOutBundle, { partSize }: Shape): string {
  return `${digestOf(indexOf(plan))}${partSize === undefined ? '' : `/${partSize}`}`
}

/**
 * The partial file of another plan, readable as a bundle where its head was complete. The journal says that it is ours,
 * whatever a run that was killed here has moved away before.
 */
async function keepLeftover(path: string): Promise<BundleFile | undefined> {
  const [partial, leftover] = [partialOf(path), newNameBeside(path, 'tmp')]
  for (const name of [partial, ...(await partsBeside(partial))]) {
    await rename(name, `${leftover}${name.slice(partial.length)}`).catch(() => {})
  }
  return openBundle(leftover).catch(() => undefined)
}

async function makePartial(path: string, { files }: LaidOutBundle, shape: Shape): Promise<PartedFile> {
  const file = await PartedFile.create(partialOf(path), shape).catch((error) => {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? inTheWay(error) : error
  })
  try {
    await checkSpace(path, shape, file)
    await file.allocate()
    for (const planned of files) await writeHead(file, planned)
    return file
  } catch (error) {
    await file.remove()
    throw error
  }
}

async function writeHead(file: PartedFile, { name, size, offset, content, stored }: PlannedFile): Promise<void> {
  const header = encodeHeader(name, size)
  await file.write(header, offset - header.length)
  if (content) await file.write(content, offset)
  let at = offset
  for await (const chunk of stored?.chunks() ?? []) {
    await file.write(chunk, at)
    at += chunk.length
  }
}

/** Says so before an hour of download that the disk cannot hold it. Blocks that the partial file has count. */
async function checkSpace(path: string, { size }: Shape, file: PartedFile): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path))
  const needed = (await file.stats()).reduce((rest, { blocks }) => rest - blocks * 512, size)
  if (needed <= bavail * bsize) return
  throw new ExpectedError(
    'DISK_FULL',
    `${path}: needs ${formatBytes(needed)} more, the disk has ${formatBytes(bavail * bsize)} left`,
    {
      hint: 'Make room, or write to another disk.',
    },
  )
}

function inTheWay({ path = '' }: NodeJS.ErrnoException): ExpectedError {
  return outputExists(path, 'No run of nodeseed left it. Move it away, or write to another file.')
}
