import { ExpectedError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { type Digest, digestOf, isDigest, splitDigest } from '../../oci/digest.ts'
import { parseManifest } from '../../oci/manifest.ts'
import { isIndexType, isManifestType, isSchema1Type } from '../../oci/media-type.ts'
import type { Endpoint } from '../config/endpoint.ts'
import { type HttpResponse, MAX_DOCUMENT } from '../http/send-request.ts'
import type { Subject } from '../http/subject.ts'
import { codingByMagic, codingOf, decodeAll } from '../transfer/decoding.ts'

/** Answers with content; which of them it is, proxies decide. What it is, its digest decides. */
export const WHOLE = [200, 203, 206]

/** What the head of an answer says of a manifest; undefined when it does not say enough. */
export function descriptorOf({ headers }: HttpResponse): Descriptor | undefined {
  const digest = headers['docker-content-digest']
  const size = Number(headers['content-length'])
  const mediaType =
    String(headers['content-type'] ?? '')
      .split(';')[0]
      ?.trim() ?? ''
  if (!isDigest(digest) || !(size > 0) || (!isManifestType(mediaType) && !isIndexType(mediaType))) return undefined
  return { mediaType, digest, size }
}

/**
 * What the answer to a GET says of a manifest, checked against its bytes.
 *
 * @throws {ExpectedError} CONTENT_MISMATCH, UNSUPPORTED
 */
export function describe(response: HttpResponse, expected: Digest | undefined, subject: Subject): Descriptor {
  const { headers } = response
  const contentType = typeof headers['content-type'] === 'string' ? headers['content-type'] : undefined
  const promised = expected ?? headers['docker-content-digest']
  const body = isDigest(promised) ? bodyWith(response, promised) : decoded(response)
  // Schema 1 is signed: its digest is not that of its bytes, and parsing refuses it.
  if (isDigest(promised) && !body && !isSchema1Type(contentType ?? '')) throw otherBytes(response, promised, subject)
  const bytes = body ?? response.body
  const { mediaType } = parseManifest(bytes, contentType, `${subject.what} from ${subject.registry}`)
  return { mediaType, digest: isDigest(promised) && body ? promised : digestOf(bytes), size: bytes.length }
}

/** The bytes of an answer that have a digest: as they came, or as they were encoded; undefined where neither has it. */
export function bodyWith(response: HttpResponse, digest: Digest): Buffer | undefined {
  const { algorithm } = splitDigest(digest)
  if (digestOf(response.body, algorithm) === digest) return response.body
  const body = decoded(response)
  return body && digestOf(body, algorithm) === digest ? body : undefined
}

/** The body that was encoded on its way, be it said or not; undefined where it was not, or cannot be what its header says. */
export function decoded({ headers, body }: HttpResponse): Buffer | undefined {
  const coding = codingOf(headers) ?? codingByMagic(body)
  return coding ? decodeAll(coding, body, MAX_DOCUMENT) : undefined
}

export function otherBytes(
  { headers, body }: HttpResponse,
  digest: Digest,
  { what, registry }: Subject,
): ExpectedError {
  const coding = codingOf(headers)
  const encoded = coding ? ` (content-encoding: ${coding})` : ''
  const sent = `${body.length} bytes with ${digestOf(body, splitDigest(digest).algorithm)}`
  return new ExpectedError('CONTENT_MISMATCH', `${what}: ${registry} promised ${digest} and sent ${sent}${encoded}`, {
    hint: 'A proxy or a broken registry changed it. Try another network path or mirror.',
  })
}

/**
 * Where the next page of a list is, below the repository; undefined where this is the last. Which host it names does not
 * count: behind a proxy a registry may not know its own name, and nobody else is asked. Source: RFC 8288.
 *
 * @throws {ExpectedError} REGISTRY_ERROR where there is one and it leads away from the repository
 */
export function nextPage(
  { headers, url }: HttpResponse,
  { path, repository }: Endpoint,
  { what, registry }: Subject,
): string | undefined {
  const [, target] = /<([^>]*)>\s*;[^,]*?\brel="?next\b/i.exec(String(headers.link ?? '')) ?? []
  if (target === undefined) return undefined
  const next = URL.canParse(target, url.href) ? new URL(target, url) : undefined
  const prefix = `${path}/${repository}/`
  if (next?.pathname.startsWith(prefix)) return `${next.pathname.slice(prefix.length)}${next.search}`
  throw new ExpectedError('REGISTRY_ERROR', `${what}: ${registry} has more of them at ${JSON.stringify(target)}`, {
    hint: 'That is no address of the same repository, and is not asked. Ask the operator of the registry.',
  })
}
