import { ExpectedError } from '../../errors.ts'
import type { Descriptor } from '../../oci/descriptor.ts'
import { type Digest, digestOf, isDigest, splitDigest } from '../../oci/digest.ts'
import { parseManifest } from '../../oci/manifest.ts'
import { isIndexType, isManifestType, isSchema1Type, OCI_INDEX } from '../../oci/media-type.ts'
import type { Endpoint } from '../config/endpoint.ts'
import type { HttpResponse } from '../http/send-request.ts'
import type { Subject } from '../http/subject.ts'

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
export function describe(
  { headers, body }: HttpResponse,
  expected: Digest | undefined,
  { what, registry }: Subject,
): Descriptor {
  const contentType = typeof headers['content-type'] === 'string' ? headers['content-type'] : undefined
  const promised = expected ?? headers['docker-content-digest']
  const digest = digestOf(body, isDigest(promised) ? splitDigest(promised).algorithm : 'sha256')
  // Schema 1 is signed: its digest is not that of its bytes, and parsing refuses it.
  if (isDigest(promised) && promised !== digest && !isSchema1Type(contentType ?? '')) {
    throw new ExpectedError('CONTENT_MISMATCH', `${what}: ${registry} promised ${promised} and sent ${digest}`, {
      hint: 'A proxy or a broken registry changed it. Try another network path or mirror.',
    })
  }
  const { mediaType } = parseManifest(body, contentType, `${what} from ${registry}`)
  return { mediaType, digest, size: body.length }
}

/** What is wrong with the bytes of a document; undefined when they are those that the descriptor names. */
export function mismatch(
  bytes: Buffer,
  { digest, size }: Descriptor,
  { what, registry }: Subject,
): ExpectedError | undefined {
  const actual = digestOf(bytes, splitDigest(digest).algorithm)
  if (actual === digest && bytes.length === size) return undefined
  return new ExpectedError(
    'CONTENT_MISMATCH',
    `${what}: ${registry} sent ${bytes.length} bytes with ${actual} instead`,
    {
      hint: 'A proxy or a broken registry changed it. Try another network path or mirror.',
    },
  )
}

/** The descriptors of a list of referrers. @throws {ExpectedError} CONTENT_MISMATCH, UNSUPPORTED */
export function referrersIn({ body }: HttpResponse, { what, registry }: Subject): readonly Descriptor[] {
  const document = parseManifest(body, OCI_INDEX, `${what} from ${registry}`)
  return document.kind === 'index' ? document.manifests : []
}

/** Where the next page of a list is, below the repository, when there is one. Source: RFC 8288. */
export function nextPage({ headers, url }: HttpResponse, { base, path, repository }: Endpoint): string | undefined {
  const [, target] = /<([^>]+)>\s*;\s*rel="?next"?/.exec(String(headers.link ?? '')) ?? []
  if (!target || !URL.canParse(target, url.href)) return undefined
  const next = new URL(target, url)
  const prefix = `${path}/${repository}/`
  return next.origin === base.origin && next.pathname.startsWith(prefix)
    ? `${next.pathname.slice(prefix.length)}${next.search}`
    : undefined
}
