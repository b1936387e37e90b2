import { createHash } from 'node:crypto'
import { ExpectedError } from '../../errors.ts'
import type { Content } from '../../oci/content/content.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { splitDigest } from '../../oci/digest.ts'
import { quote } from '../../quote.ts'

/**
 * A blob's bytes from `start` on, in chunks that are valid only until the next is asked for. What stands before is hashed
 * too, so that the last byte comes only when the whole is what its digest says: not every registry looks.
 *
 * @throws {ExpectedError} CONTENT_MISMATCH before the last byte
 */
export async function* hashedBlob(
  source: Content,
  { digest, size }: Descriptor,
  start: number,
): AsyncGenerator<Uint8Array> {
  const { algorithm } = splitDigest(digest)
  const hash = createHash(algorithm)
  if (start > 0) for await (const chunk of source.openBlob(digest, { end: start, reuse: true })) hash.update(chunk)
  let at = start
  for await (const chunk of source.openBlob(digest, { start, reuse: true })) {
    hash.update(chunk)
    at += chunk.byteLength
    if (at < size) yield chunk
    else {
      const actual = `${algorithm}:${hash.digest('hex')}`
      if (actual !== digest || at > size) throw damaged(source, digest, actual)
      yield chunk
      return
    }
  }
  const isEmpty = size === 0 && `${algorithm}:${hash.digest('hex')}` === digest
  if (!isEmpty) throw damaged(source, digest, `${at} bytes`)
}

function damaged({ path }: Content, digest: string, actual: string): ExpectedError {
  return new ExpectedError('CONTENT_MISMATCH', `${path}: blob ${digest} is damaged: it hashes to ${actual}`, {
    hint: `It was not pushed. Copy the file again, and check it with: nodeseed verify ${quote(path)}`,
  })
}
