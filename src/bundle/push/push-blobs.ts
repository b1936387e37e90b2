import pLimit from 'p-limit'
import { ExpectedError } from '../../errors.ts'
import type { Content } from '../../oci/content/content.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import type { Digest } from '../../oci/digest.ts'
import { hashedBlob } from './hashed-blob.ts'

export interface BlobUploads {
  hasBlob(name: string, blob: Descriptor): Promise<boolean>
  mountBlob(name: string, blob: Descriptor, from: string): Promise<boolean>
  putBlob(
    name: string,
    blob: Descriptor,
    open: (start: number) => AsyncIterable<Uint8Array>,
    onBytes: (count: number) => void,
  ): Promise<void>
}

/** How the blobs came to be where they are, a count for each way. */
export interface PushCounts {
  uploaded: number
  mounted: number
  there: number
}

export interface BlobPusherOptions {
  readonly homeOf?: ((digest: Digest) => string | undefined) | undefined
  readonly onBytes?: ((count: number) => void) | undefined
}

const CONCURRENT_BLOBS = 8

/** Brings blobs into repositories of one registry: each is uploaded at most once, and mounted everywhere else. */
export class BlobPusher {
  readonly counts: PushCounts = { uploaded: 0, mounted: 0, there: 0 }
  readonly #source: Content
  readonly #target: BlobUploads
  readonly #onBytes: (count: number) => void
  readonly #homeOf: (digest: Digest) => string | undefined
  readonly #limit = pLimit(CONCURRENT_BLOBS)
  /** By repository and digest. */
  readonly #done = new Map<string, Promise<void>>()
  /** The repository in which a blob is, or is about to be. */
  readonly #homes = new Map<Digest, { readonly name: string; readonly ready: Promise<void> }>()

  /** `homeOf` names the repository, in full, in which a blob may be that the source leaves out. */
  constructor(
    source: Content,
    target: BlobUploads,
    { homeOf = () => undefined, onBytes = () => {} }: BlobPusherOptions = {},
  ) {
    this.#source = source
    this.#target = target
    this.#onBytes = onBytes
    this.#homeOf = homeOf
  }

  /** Resolves when the repository has the blob; where it may be there it is looked for before another has to give it. */
  ensure(name: string, blob: Descriptor, { mayBeThere = false } = {}): Promise<void> {
    const key = `${name} ${blob.digest}`
    const known = this.#done.get(key)
    if (known) return known
    const home = this.#homes.get(blob.digest)
    const ready = home && !mayBeThere ? this.#takeOver(name, blob, home) : this.#limit(() => this.#bring(name, blob))
    this.#done.set(key, ready)
    if (!home) this.#homes.set(blob.digest, { name, ready })
    return ready
  }

  async #takeOver(name: string, blob: Descriptor, home: { name: string; ready: Promise<void> }): Promise<void> {
    const isHome = await home.ready.then(
      () => true,
      () => false,
    )
    await this.#limit(async () => {
      if (isHome && (await this.#target.mountBlob(name, blob, home.name))) this.counts.mounted++
      else await this.#bring(name, blob)
    })
  }

  async #bring(name: string, blob: Descriptor): Promise<void> {
    if (await this.#target.hasBlob(name, blob)) {
      this.counts.there++
      return
    }
    if (!this.#source.blobs.has(blob.digest)) return this.#takeFromBase(name, blob)
    const open = (start: number) => hashedBlob(this.#source, blob, start)
    await this.#target.putBlob(name, blob, open, this.#onBytes)
    this.counts.uploaded++
  }

  /** What a delta leaves out is where its base was pushed to. @throws {ExpectedError} BLOB_UNKNOWN */
  async #takeFromBase(name: string, blob: Descriptor): Promise<void> {
    const home = this.#homeOf(blob.digest)
    if (home !== undefined && home !== name && (await this.#target.mountBlob(name, blob, home))) {
      this.counts.mounted++
      return
    }
    if (home !== undefined && home !== name && (await this.#target.hasBlob(home, blob)))
      throw notMounted(name, home, blob)
    const places = home === undefined || home === name ? name : `${name} nor ${home}`
    throw new ExpectedError('BLOB_UNKNOWN', `neither the bundle nor ${places} has blob ${blob.digest}`, {
      hint: 'This bundle is a delta: name the bundle that it builds on with --base FILE. Where it brings no layers as patches, it is enough that that one was pushed first.',
    })
  }
}

/** The base was pushed, and the registry hands its blobs to no other repository. */
function notMounted(name: string, home: string, { digest }: Descriptor): ExpectedError {
  const message = `blob ${digest} is in ${home}, and the registry does not give it to ${name}: it mounts nothing, or not for this account`
  return new ExpectedError('BLOB_UNKNOWN', message, {
    hint: 'Name the bundle that it builds on with --base FILE, which sends it again; or merge the two and push that: nodeseed merge BASE DELTA -o FILE',
  })
}
