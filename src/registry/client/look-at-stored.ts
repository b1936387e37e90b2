import { createHash } from 'node:crypto'
import type { Descriptor } from '../../oci/descriptor.ts'
import { type Digest, splitDigest } from '../../oci/digest.ts'
import type { HttpResponse, Receive } from '../http/send-request.ts'
import { canDecode, codingOf, decodeInto } from '../transfer/decoding.ts'
import type { RepositoryRequest } from './endpoint-fallback.ts'
import { bodyWith, WHOLE } from './manifest-response.ts'

/** What a look at a registry tells. `unread`: it hands nothing out to this account, so that nobody knows. */
export interface Look {
  readonly state: 'there' | 'missing' | 'other' | 'unread'
  readonly status: number
}

/** Sends a request to a repository, and gives only answers that say something of it. */
export type Ask = (request: RepositoryRequest) => Promise<HttpResponse>

/** Whether these bytes are under a tag or a digest: by them alone, since whoever repeats our words repeats digests too. */
export async function lookAtManifest(
  ask: Ask,
  reference: string,
  { digest, mediaType }: { digest: Digest; mediaType: string },
): Promise<Look> {
  const response = await ask({ path: `manifests/${reference}`, headers: { accept: mediaType } })
  const { status } = response
  if (WHOLE.includes(status)) return { state: bodyWith(response, digest) ? 'there' : 'other', status }
  return { state: status === 404 ? 'missing' : 'unread', status }
}

/**
 * Whether a blob is there with its length, which nobody knows who only says yes. Where HEAD does not tell, the first byte
 * is asked for; `isThorough`: also where HEAD says no. What comes whole then is hashed.
 */
export async function lookAtBlob(ask: Ask, blob: Descriptor, { isThorough = false } = {}): Promise<Look> {
  const path = `blobs/${blob.digest}`
  const { status, headers } = await ask({ method: 'HEAD', path })
  if (status === 200 && headers['content-length'] === `${blob.size}`) return { state: 'there', status }
  if (status >= 300 && !isThorough) return { state: status === 404 ? 'missing' : 'unread', status }
  const whole = new BlobHash(blob)
  const answer = await ask({ path, headers: { range: 'bytes=0-0' }, receive: whole.receive })
  return { state: stateOf(answer, blob, whole), status: answer.status }
}

function stateOf({ status, headers }: HttpResponse, { size }: Descriptor, whole: BlobHash): Look['state'] {
  if (status === 404) return 'missing'
  if (status === 206 || status === 416) {
    const [, total] = /\/(\d+)$/.exec(String(headers['content-range'])) ?? []
    return total === `${size}` ? 'there' : 'other'
  }
  if (status === 200 || status === 203) return whole.isRight ? 'there' : 'other'
  return status < 300 ? 'missing' : 'unread'
}

/** Hashes what comes instead of a piece, as it was before a proxy encoded it. */
class BlobHash {
  readonly #blob: Descriptor
  readonly #hash: ReturnType<typeof createHash>
  #size = 0

  constructor(blob: Descriptor) {
    this.#blob = blob
    this.#hash = createHash(splitDigest(blob.digest).algorithm)
  }

  readonly receive: Receive = (status, headers) => {
    if (status !== 200 && status !== 203) return status < 300 ? 'refuse' : 'collect'
    const coding = codingOf(headers)
    const plain = { write: (chunk: Uint8Array) => this.#add(chunk) }
    const decoder = coding && canDecode(coding) ? decodeInto(coding, plain) : undefined
    // What is not encoded as its head says is not the blob.
    const decode = async (chunk: Uint8Array) => {
      await Promise.resolve(decoder?.write(chunk)).catch(() => this.#refuse())
    }
    const write = decoder ? decode : plain.write
    return { write: (chunk) => (this.#isTooLong ? 'enough' : write(chunk)) }
  }

  get #isTooLong(): boolean {
    return this.#size > this.#blob.size
  }

  #add(chunk: Uint8Array): undefined {
    this.#size += chunk.byteLength
    if (!this.#isTooLong) this.#hash.update(chunk)
  }

  #refuse(): void {
    this.#size = Number.POSITIVE_INFINITY
  }

  get isRight(): boolean {
    const { digest, size } = this.#blob
    return this.#size === size && `${splitDigest(digest).algorithm}:${this.#hash.digest('hex')}` === digest
  }
}
