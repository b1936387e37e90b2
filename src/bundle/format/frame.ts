import { createHash } from 'node:crypto'
import type { Digest } from '../../oci/digest.ts'
import { BLOCK, encodeHeader, paddingAfter } from './tar-header.ts'

/** Two blocks of zeros end a tar. */
export const END_BYTES = 2 * BLOCK

/** Bytes that must stand at a place in a bundle. */
export interface FixedBytes {
  readonly offset: number
  readonly bytes: Uint8Array
}

/** A file of a bundle, laid out: `size` bytes at `offset`, right behind its header. */
export interface LaidOutFile {
  readonly name: string
  readonly size: number
  readonly offset: number
}

/**
 * The frame of a bundle: every byte that is content of no file, in file order. Before each file that is the padding of
 * the one before it and its header; at the end the last padding and two blocks of zeros.
 */
export function* frameOf(files: Iterable<LaidOutFile>): Generator<FixedBytes> {
  let end = 0
  for (const { name, size, offset } of files) {
    const bytes = new Uint8Array(offset - end)
    bytes.set(encodeHeader(name, size), bytes.length - BLOCK)
    yield { offset: end, bytes }
    end = offset + size
  }
  yield { offset: end, bytes: new Uint8Array(paddingAfter(end) + END_BYTES) }
}

/** The digest of a bundle's frame. */
export function frameDigest(files: Iterable<LaidOutFile>): Digest {
  const hash = createHash('sha256')
  for (const { bytes } of frameOf(files)) hash.update(bytes)
  return `sha256:${hash.digest('hex')}`
}
