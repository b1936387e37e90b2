import { createHash } from 'node:crypto'
import { constants, rmSync } from 'node:fs'
import { type FileHandle, link, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { PlainFile } from '../../bundle/files/file-artifact.ts'
import { outputExists } from '../../disk/output-place.ts'
import { newNameBeside } from '../../disk/own-name.ts'
import { onEarlyEnd } from '../../early-end.ts'
import { ExpectedError, writeError } from '../../errors.ts'
import type { Content } from '../../oci/content/content.ts'

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/**
 * Writes a file that a bundle carries into a directory, with its mode as far as the umask lets it. Its name appears when every
 * byte is what the digest says, and takes no other's place unless it may; what is there is replaced as a name, so that
 * nothing is written through a link.
 *
 * @throws {ExpectedError} OUTPUT_EXISTS; CONTENT_MISMATCH; BLOB_UNKNOWN; DISK_FULL, DISK_ERROR
 */
export async function extractFile(
  content: Content,
  file: PlainFile,
  { directory, force }: { directory: string; force: boolean },
): Promise<string> {
  const target = join(directory, file.name)
  const temporary = newNameBeside(target, 'tmp')
  const forget = onEarlyEnd(() => rmSync(temporary, { force: true }))
  try {
    const handle = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, file.mode)
    try {
      await copy(content, file, handle)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (force) await rename(temporary, target)
    else await publishNew(temporary, target)
    return target
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? outputExists(target, HINT) : writeError(target, error)
  } finally {
    await rm(temporary, { force: true })
    forget()
  }
}

const HINT = 'Extract into another directory, or add --force to replace what is there.'

async function copy(content: Content, { name, digest, size }: PlainFile, handle: FileHandle): Promise<void> {
  const hash = createHash('sha256')
  let at = 0
  for await (const chunk of content.openBlob(digest, { reuse: true })) {
    hash.update(chunk)
    for (let done = 0; done < chunk.byteLength; ) {
      done += (await handle.write(chunk, done, chunk.byteLength - done, at + done)).bytesWritten
    }
    at += chunk.byteLength
  }
  if (at === size && `sha256:${hash.digest('hex')}` === digest) return
  throw new ExpectedError('CONTENT_MISMATCH', `${content.path}: the file ${name} is damaged: it is not ${digest}`, {
    hint: `It was not written. Copy the bundle again, and check it with: nodeseed verify ${content.path}`,
  })
}

/** Where the file system has links the name is taken only if it is free. */
async function publishNew(temporary: string, target: string): Promise<void> {
  try {
    await link(temporary, target)
  } catch (error) {
    if (!NO_LINKS.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    const handle = await open(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
    await handle.close()
    await rename(temporary, target)
  }
}
