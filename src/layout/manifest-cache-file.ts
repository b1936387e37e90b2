import { appendFile, readFile, rm } from 'node:fs/promises'
import { type Digest, isContentOf, isDigest } from '../oci/digest.ts'

/**
 * The manifests and configs that a run was given, in a file beside what it writes: some registries count how many they
 * give, and so a run that could not end goes on with what it has. Every document is hashed before it is used.
 */
export class ManifestCacheFile {
  readonly documents: ReadonlyMap<Digest, Uint8Array>
  readonly #path: string
  #writing: Promise<unknown> = Promise.resolve()

  private constructor(path: string, documents: ReadonlyMap<Digest, Uint8Array>) {
    this.#path = path
    this.documents = documents
  }

  /** Reads what an earlier run to the same output left. */
  static async open(output: string): Promise<ManifestCacheFile> {
    const path = `${output}.partial.manifests`
    const text = await readFile(path, 'latin1').catch(() => '')
    return new ManifestCacheFile(path, parse(text))
  }

  /** A document that cannot be kept, for lack of space or otherwise, costs another request and no correctness. */
  keep(digest: Digest, bytes: Uint8Array): void {
    const line = `${digest} ${Buffer.from(bytes).toString('base64')}\n`
    this.#writing = this.#writing.then(() => appendFile(this.#path, line)).catch(() => {})
  }

  /** Everything that was to be kept is in the file. */
  async settle(): Promise<void> {
    await this.#writing
  }

  /** The run has ended well. */
  async remove(): Promise<void> {
    await this.#writing
    await rm(this.#path, { force: true })
  }
}

function parse(text: string): Map<Digest, Uint8Array> {
  const documents = new Map<Digest, Uint8Array>()
  // The last line may be cut off: then its digest is another one.
  for (const line of text.split('\n')) {
    const [digest, encoded = ''] = line.split(' ')
    const bytes = Buffer.from(encoded, 'base64')
    if (isDigest(digest) && isContentOf(digest, bytes)) documents.set(digest, bytes)
  }
  return documents
}
