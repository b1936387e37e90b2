import { createReadStream, existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ExpectedError } from '../errors.ts'
import type { Digest } from '../oci/digest.ts'
import { blobName } from '../oci/image-layout.ts'
import { ByteFile, CHUNK } from './files/byte-file.ts'
import { indexTar } from './tar/tar-index.ts'

/** Blobs of an OCI image layout on this disk, not yet hashed: close it. */
export interface LayoutBlobs {
  readonly blobs: { has(digest: Digest): boolean }
  openBlob(digest: Digest, range: { start: number }): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/**
 * Opens a directory that is an OCI image layout, or a tar of one: a bundle, or what other tools write.
 *
 * @throws {ExpectedError} INPUT_NOT_FOUND, INPUT_UNREADABLE, BUNDLE_INVALID
 */
export async function openLayoutBlobs(path: string): Promise<LayoutBlobs> {
  const isDirectory = await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  )
  return isDirectory ? openDirectory(path) : openTar(path)
}

function openDirectory(path: string): LayoutBlobs {
  if (!existsSync(join(path, 'oci-layout'))) throw noLayout(path)
  return {
    blobs: { has: (digest) => existsSync(join(path, blobName(digest))) },
    openBlob: (digest, { start }) => createReadStream(join(path, blobName(digest)), { start, highWaterMark: CHUNK }),
    close: async () => {},
  }
}

async function openTar(path: string): Promise<LayoutBlobs> {
  const file = await ByteFile.open(path)
  try {
    const entries = await indexTar(file)
    if (!entries.has('oci-layout')) throw noLayout(path)
    return {
      blobs: { has: (digest) => entries.has(blobName(digest)) },
      openBlob: (digest, { start }) => {
        const { offset = 0, size = 0 } = entries.get(blobName(digest)) ?? {}
        return file.stream(offset + start, offset + size)
      },
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

function noLayout(path: string): ExpectedError {
  return new ExpectedError('BUNDLE_INVALID', `${path}: neither a bundle nor an OCI image layout`, {
    hint: 'Name a bundle, or a directory that holds an oci-layout and an index.json.',
  })
}
