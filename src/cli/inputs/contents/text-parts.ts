import { readError } from '../../../errors.ts'
import { cutAtDocuments, type TextPart } from '../../texts/input-text.ts'
import { nameOf } from '../../texts/read-text.ts'
import { openRegularFile } from '../../texts/regular-file.ts'

/** Read at once; 1 MiB chunks are several times as fast as the 64 KiB that Node takes. */
const CHUNK_BYTES = 1024 * 1024

/** A file in parts that end between two documents. Rejects with what the file system says of it. */
export async function* readParts(file: string): AsyncGenerator<TextPart> {
  const handle = await openRegularFile(file)
  const stream = handle.createReadStream({ highWaterMark: CHUNK_BYTES })
  try {
    yield* cutAtDocuments(stream, file)
  } catch (error) {
    throw readError(file, error, stream.bytesRead)
  }
}

/** Standard input in such parts. It can be read once only, so what is to be looked through before is held. */
export class StandardInput {
  #held: readonly TextPart[] | undefined

  /** All of it, which stays to be read. */
  async hold(): Promise<readonly TextPart[]> {
    this.#held ??= await Array.fromAsync(cutAtDocuments(process.stdin, nameOf('-')))
    return this.#held
  }

  async *parts(): AsyncGenerator<TextPart> {
    yield* this.#held ?? cutAtDocuments(process.stdin, nameOf('-'))
  }
}
