import { createHash } from 'node:crypto'
import { ExpectedError } from '../errors.ts'

/** `sha256:<64 hex>` (or sha384, sha512): the address of content. */
export type Digest = `${'sha256' | 'sha384' | 'sha512'}:${string}`

/** Hex characters per algorithm; go-digest registers exactly these three. */
const HEX_LENGTH: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
])

/** What is wrong with a digest text, or undefined when it is one. Source: opencontainers/go-digest, Digest.Validate. */
export function digestProblem(text: string): string | undefined {
  const colon = text.indexOf(':')
  const expected = HEX_LENGTH.get(text.slice(0, colon))
  const hex = text.slice(colon + 1)
  if (expected === undefined) return 'unsupported digest algorithm'
  if (hex.length !== expected) return 'invalid checksum digest length'
  if (!/^[a-f0-9]+$/.test(hex)) return 'invalid checksum digest format'
  return undefined
}

export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && digestProblem(text) === undefined
}

/** @throws {ExpectedError} CONTENT_MISMATCH: a document promised a digest and holds something else. */
export function parseDigest(text: unknown, where: string): Digest {
  if (isDigest(text)) return text
  throw new ExpectedError('CONTENT_MISMATCH', `${where}: not a digest: ${JSON.stringify(text)}`)
}

/** `sha256:ab…` as `sha256` and `ab…`. */
export function splitDigest(digest: Digest): { algorithm: string; hex: string } {
  const [algorithm = '', hex = ''] = digest.split(':')
  return { algorithm, hex }
}

/** The digest of bytes, by sha256 unless another algorithm is named. */
export function digestOf(content: Uint8Array | string, algorithm = 'sha256'): Digest {
  return `${algorithm}:${createHash(algorithm).update(content).digest('hex')}` as Digest
}

/** Whether these bytes are the content of that digest. */
export function isContentOf(digest: Digest, content: Uint8Array): boolean {
  return digestOf(content, splitDigest(digest).algorithm) === digest
}

/** The digest of content that comes in chunks; `onBytes` hears of each that was hashed. */
export async function hashChunks(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  algorithm: string,
  onBytes: (count: number) => void = () => {},
): Promise<Digest> {
  const hash = createHash(algorithm)
  for await (const chunk of chunks) {
    hash.update(chunk)
    onBytes(chunk.byteLength)
  }
  return `${algorithm}:${hash.digest('hex')}` as Digest
}
