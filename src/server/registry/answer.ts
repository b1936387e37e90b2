import { isDigest } from '../../oci/digest.ts'
import { OCI_INDEX } from '../../oci/media-type.ts'
import type { RegistryContent } from './content.ts'
import { pageOf } from './page.ts'
import { parseRange } from './range.ts'
import { json, type Reply, refusal } from './reply.ts'
import { findRepository } from './repository.ts'
import { parseRoute, type Route } from './route.ts'

/** A request as the rules see it: names of headers in lower case, as node:http has them. */
export interface RegistryRequest {
  readonly method: string
  /** Path and query, as on the request line. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** A request for something inside a repository that is here. */
interface RepositoryRequest {
  readonly content: RegistryContent
  readonly repository: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: RegistryRequest['headers']
  /** No HEAD: of what is only asked after, nothing is read. */
  readonly withBody: boolean
}

const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/

/** What a read-only registry answers; the body is left out for HEAD by who sends it. Source: distribution-spec 1.1, "Pull" and "Content Discovery". */
export async function answer(content: RegistryContent, request: RegistryRequest): Promise<Reply> {
  const reply = isRead(request.method)
    ? await read(content, request)
    : refusal('UNSUPPORTED', 'this registry is read-only', { headers: { allow: 'GET, HEAD' } })
  return { ...reply, headers: { 'docker-distribution-api-version': 'registry/2.0', ...reply.headers } }
}

function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

async function read(content: RegistryContent, { method, url, headers }: RegistryRequest): Promise<Reply> {
  const { host, target } = targetOf(url, headers)
  const [path = '', search] = target.split('?', 2)
  const query = new URLSearchParams(search)
  const route = parseRoute(path)
  if ('status' in route) return route
  if (route.kind === 'base') return json(200, {})
  if (route.kind === 'catalog') {
    return list(content.repositories(), { path, query }, (repositories) => ({ repositories }))
  }
  const ns = query.get('ns')
  const repository = findRepository(content, route.name, ns, host)
  if (!repository) return refusal('NAME_UNKNOWN', `repository not here: ${ns ? `${ns}/` : ''}${route.name}`)
  const withBody = method === 'GET'
  const reply = await readRepository(route, { content, repository, path, query, headers, withBody })
  return ns && repository === `${ns}/${route.name}`
    ? { ...reply, headers: { ...reply.headers, 'oci-namespace': ns } }
    : reply
}

/** Who speaks through a proxy names the host in the target, and that counts. Source: RFC 9112 §3.2.2. */
function targetOf(url: string, { host }: RegistryRequest['headers']): { host: string | undefined; target: string } {
  const [, named, target = '/'] = /^https?:\/\/([^/?]+)(.*)$/i.exec(url) ?? []
  return named === undefined ? { host: single(host), target: url } : { host: named, target }
}

function readRepository(
  route: Exclude<Route, { kind: 'base' | 'catalog' }>,
  question: RepositoryRequest,
): Reply | Promise<Reply> {
  switch (route.kind) {
    case 'tags':
      return list(question.content.tags(question.repository), question, (tags) => ({ name: route.name, tags }))
    case 'manifest':
      return manifest(route.reference, question)
    case 'blob':
      return blob(route.reference, question)
    case 'referrers':
      return referrers(route.reference, question)
  }
}

async function manifest(
  reference: string,
  { content, repository, headers, withBody }: RepositoryRequest,
): Promise<Reply> {
  if (!TAG.test(reference) && !isDigest(reference)) {
    return reference.includes(':')
      ? refusal('DIGEST_INVALID', 'not a digest')
      : refusal('MANIFEST_UNKNOWN', 'neither a tag nor a digest')
  }
  const found = await content.findManifest(repository, reference)
  if (!found)
    return refusal('MANIFEST_UNKNOWN', `not here: ${repository}${isDigest(reference) ? '@' : ':'}${reference}`)
  const identity = { etag: `"${found.digest}"`, 'docker-content-digest': found.digest }
  if (isUnchanged(headers, identity.etag)) return { status: 304, headers: identity }
  return {
    status: 200,
    headers: { ...identity, 'content-type': found.mediaType, 'content-length': `${found.size}` },
    // Read as it is sent: a thousand readers that take nothing would each hold a copy.
    ...(withBody && { body: await content.openBlob(found.digest, 0, found.size) }),
  }
}

async function blob(digest: string, { content, repository, headers, withBody }: RepositoryRequest): Promise<Reply> {
  if (!isDigest(digest)) return refusal('DIGEST_INVALID', 'not a digest')
  const size = content.findBlobSize(digest)
  if (size === undefined) return refusal('BLOB_UNKNOWN', `not here: ${repository}@${digest}`)
  const identity = { etag: `"${digest}"`, 'docker-content-digest': digest, 'accept-ranges': 'bytes' }
  if (isUnchanged(headers, identity.etag)) return { status: 304, headers: identity }
  const range = isSame(headers, identity.etag) ? parseRange(single(headers.range), size) : undefined
  if (range === 'unsatisfiable') {
    return { status: 416, headers: { ...identity, 'content-range': `bytes */${size}`, 'content-length': '0' } }
  }
  const { start, end } = range ?? { start: 0, end: size }
  return {
    status: range ? 206 : 200,
    headers: {
      ...identity,
      'content-type': 'application/octet-stream',
      'content-length': `${end - start}`,
      ...(range && { 'content-range': `bytes ${start}-${end - 1}/${size}` }),
    },
    ...(withBody && { body: await content.openBlob(digest, start, end) }),
  }
}

async function referrers(subject: string, { content, repository, query }: RepositoryRequest): Promise<Reply> {
  if (!isDigest(subject)) return refusal('DIGEST_INVALID', 'not a digest')
  const all = await content.referrers(repository, subject)
  const artifactType = query.get('artifactType')
  const manifests = artifactType ? all.filter((descriptor) => descriptor.artifactType === artifactType) : all
  const headers = { 'content-type': OCI_INDEX, ...(artifactType && { 'oci-filters-applied': 'artifactType' }) }
  return json(200, { schemaVersion: 2, mediaType: OCI_INDEX, manifests }, headers)
}

function list(
  all: readonly string[],
  { path, query }: { path: string; query: URLSearchParams },
  body: (items: readonly string[]) => unknown,
): Reply {
  const n = query.get('n')
  const page = pageOf(all, { n, last: query.get('last') })
  if (!page) return refusal('UNSUPPORTED', `n is not a number: ${n}`, { status: 400 })
  if (!page.next) return json(200, body(page.items))
  const ns = query.get('ns')
  const next = new URLSearchParams({ n: n ?? '', last: page.next, ...(ns && { ns }) })
  return json(200, body(page.items), { link: `<${path}?${next}>; rel="next"` })
}

/** RFC 9110 §13.1.2; content under a digest never changes, and a manifest's tag is its digest. */
function isUnchanged(headers: RegistryRequest['headers'], etag: string): boolean {
  const tags = single(headers['if-none-match'])?.split(',') ?? []
  return tags.some((tag) => [etag, '*'].includes(tag.trim().replace(/^W\//, '')))
}

/** RFC 9110 §13.1.5: a range counts only while the content is what the client has the beginning of. */
function isSame(headers: RegistryRequest['headers'], etag: string): boolean {
  const condition = single(headers['if-range'])
  return condition === undefined || condition === etag
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}
