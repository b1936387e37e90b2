import { constants } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { readOwnText } from '../disk/own-text.ts'
import { type Digest, isContentOf, isDigest } from '../oci/digest.ts'

const { O_WRONLY, O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW } = constants

/**
 * The manifests and configs that a run was given, in a file beside what it writes: some registries count how many they
 * give, and so a run that could not end goes on with what it has. Every document is hashed before it is used.
 */
export class ManifestCacheFile {
  readonly path: string
  readonly documents: ReadonlyMap<Digest, Uint8Array>
  #isOurs: boolean
  #handle: FileHandle | undefined
  #writing: Promise<void> = Promise.resolve()
  #kept: number

  private constructor(path: string, documents: ReadonlyMap<Digest, Uint8Array>, isOurs: boolean) {
    this.path = path
    this.documents = documents
    this.#isOurs = isOurs
    this.#kept = documents.size
  }

  /** Reads what an earlier run to the same output left. */
  static async open(output: string): Promise<ManifestCacheFile> {
    const path = `${output}.partial.manifests`
    const text = await readOwnText(path)
    const documents = parse(text ?? '')
    return new ManifestCacheFile(path, documents, text === '' || documents.size > 0)
  }

  /** How many documents the file holds. */
  get kept(): number {
    return this.#kept
  }

  /**
   * A document that cannot be kept, for lack of space or because the name is another file's, costs another request and
   * no correctness.
   */
  keep(digest: Digest, bytes: Uint8Array): void {
    const line = `${digest} ${Buffer.from(bytes).toString('base64')}\n`
    this.#writing = this.#writing
      .then(async () => {
        this.#handle ??= await open(this.path, O_WRONLY | O_APPEND | O_NOFOLLOW | (this.#isOurs ? 0 : O_CREAT | O_EXCL))
        this.#isOurs = true
        await this.#handle.appendFile(line)
        this.#kept++
      })
      .catch(() => {})
  }

  /** Everything that was to be kept is in the file. */
  async settle(): Promise<void> {
    await this.#writing
    await this.#handle?.close()
    this.#handle = undefined
  }

  /** The run has ended well. */
  async remove(): Promise<void> {
    await this.settle()
    if (this.#isOurs) await rm(this.path, { force: true })
    this.#kept = 0
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
