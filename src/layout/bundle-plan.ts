import { frameOf, type LaidOutFile } from '../bundle/format/frame.ts'
import { type BundlePlan, MAX_FILE_BYTES, planOfTable } from '../bundle/format/plan.ts'
import { BUNDLE_FRAME_ANNOTATION, BUNDLE_TABLE, parseBundleTable } from '../bundle/format/table.ts'
import { BLOCK, encodeHeader, paddingAfter, sizeInHeader } from '../bundle/format/tar-header.ts'
import { ExpectedError } from '../errors.ts'
import { formatBytes } from '../oci/format-bytes.ts'
import { parseJson } from '../oci/json.ts'
import type { ByteFile } from './files/byte-file.ts'
import { findDifference } from './fixed-bytes.ts'

/** Whether a file begins as a bundle does, so that it must be one. */
export async function beginsAsBundle(file: ByteFile): Promise<boolean> {
  return (await findTable(file)) !== undefined
}

/** What a bundle's table makes of the file, which must be that byte for byte but for the content of blobs. @throws {ExpectedError} BUNDLE_INVALID */
export async function readPlan(file: ByteFile): Promise<BundlePlan> {
  const table = await findTable(file)
  if (!table) {
    throw new ExpectedError('BUNDLE_INVALID', `${file.path}: not a bundle: it does not begin as one`, {
      hint: 'Make one with: nodeseed bundle INPUT... -o FILE',
    })
  }
  let value: unknown
  try {
    value = parseJson(await readWhole(file, table, MAX_FILE_BYTES))
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw new ExpectedError('BUNDLE_INVALID', `${file.path}: ${BUNDLE_TABLE} is not JSON`, { cause })
  }
  const plan = planOf(value, `${file.path}: ${BUNDLE_TABLE}`)
  if (file.size !== plan.size && !(await namesItsFrame(file, table))) throw madeBefore(file)
  if (file.size < plan.size) throw file.truncated()
  const known = plan.files.flatMap(({ offset, content }) => (content ? [{ offset, bytes: content }] : []))
  const offset =
    (await findDifference(file, known)) ??
    (await findDifference(file, frameOf(plan.files))) ??
    (file.size > plan.size ? plan.size : undefined)
  if (offset === undefined) return plan
  throw new ExpectedError('BUNDLE_INVALID', `${file.path}: byte ${offset} is not what its table makes of it`, {
    hint: 'Copy the file again from where it was made: this one is damaged, or was changed on the way.',
  })
}

/** Whether the index.json before the table says the frame's digest, as that of every bundle of this form does. */
async function namesItsFrame(file: ByteFile, table: LaidOutFile): Promise<boolean> {
  if (table.offset > MAX_FILE_BYTES) return true
  return (await file.read(0, table.offset)).includes(`"${BUNDLE_FRAME_ANNOTATION}"`)
}

function madeBefore(file: ByteFile): ExpectedError {
  const message = `${file.path}: its index.json has no ${BUNDLE_FRAME_ANNOTATION}: an earlier nodeseed made it, or it was changed`
  return new ExpectedError('BUNDLE_INVALID', message, { hint: 'Make it again with this nodeseed, from its lock.' })
}

/** @throws {ExpectedError} BUNDLE_INVALID for whatever no bundle's table says. */
function planOf(value: unknown, where: string): BundlePlan {
  try {
    return planOfTable(parseBundleTable(value, where))
  } catch (cause) {
    if (!(cause instanceof ExpectedError) || cause.code === 'BUNDLE_INVALID') throw cause
    const message = cause.message.startsWith(where) ? cause.message : `${where}: ${cause.message}`
    throw new ExpectedError('BUNDLE_INVALID', message, { ...(cause.hint && { hint: cause.hint }), cause })
  }
}

/** The table is the third file of every bundle; how long the two before it are, their headers say. */
async function findTable(file: ByteFile): Promise<LaidOutFile | undefined> {
  let end = 0
  let table: LaidOutFile | undefined
  for (const name of ['oci-layout', 'index.json', BUNDLE_TABLE]) {
    if (end + BLOCK > file.size) return undefined
    const header = await file.read(end, BLOCK)
    const size = sizeInHeader(header)
    if (size === undefined || !header.equals(encodeHeader(name, size))) return undefined
    table = { name, size, offset: end + BLOCK }
    end = table.offset + size + paddingAfter(size)
  }
  return table
}

/** A file in a bundle, whole. @throws {ExpectedError} BUNDLE_INVALID for one larger than the limit in bytes */
export async function readWhole(file: ByteFile, { name, size, offset }: LaidOutFile, limit: number): Promise<Buffer> {
  if (size <= limit) return file.read(offset, size)
  throw new ExpectedError(
    'BUNDLE_INVALID',
    `${file.path}: ${name} has ${formatBytes(size)}, more than a document may have`,
  )
}
