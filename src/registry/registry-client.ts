import { Agent, type Dispatcher } from 'undici'
import { ExpectedError } from '../errors.ts'
import type { BlobSink } from '../oci/blob-sink.ts'
import type { Descriptor } from '../oci/descriptor.ts'
import { type Digest, digestOf, isDigest, splitDigest } from '../oci/digest.ts'
import { parseManifest } from '../oci/manifest.ts'
import {
  DOCKER_INDEX,
  DOCKER_MANIFEST,
  isIndexType,
  isManifestType,
  isSchema1Type,
  OCI_INDEX,
  OCI_MANIFEST,
} from '../oci/media-type.ts'
import { formatReference, type Reference } from '../oci/reference.ts'
import { Authorizer } from './authorizer.ts'
import { parseChallenges } from './challenge.ts'
import type { FindCredentials } from './credentials.ts'
import { type Endpoint, type EndpointOptions, endpointsOf } from './endpoint.ts'
import type { Patience, Receive, Request, Response } from './exchange.ts'
import { follow } from './follow.ts'
import { networkError } from './network-error.ts'
import { responseError, type Subject } from './response-error.ts'

export interface RegistryOptions extends EndpointOptions {
  readonly findCredentials?: FindCredentials
  /** Milliseconds. */
  readonly patience?: Patience
}

const ACCEPT = [OCI_INDEX, DOCKER_INDEX, OCI_MANIFEST, DOCKER_MANIFEST].join(', ')
const ANONYMOUS: FindCredentials = async () => undefined
const DEFAULT_PATIENCE: Patience = { headTimeout: 30_000, bodyTimeout: 30_000 }

/** Reads images from registries. It holds connections: close it. Source: distribution-spec 1.1. */
export class RegistryClient {
  readonly #options: RegistryOptions
  readonly #patience: Patience
  readonly #dispatcher: Dispatcher
  readonly #authorizer: Authorizer

  constructor(options: RegistryOptions = {}) {
    this.#options = options
    this.#patience = options.patience ?? DEFAULT_PATIENCE
    // HTTP/1.1: over one HTTP/2 connection blobs arrive a quarter slower.
    this.#dispatcher = new Agent({ allowH2: false, pipelining: 1, connect: { timeout: this.#patience.headTimeout } })
    this.#authorizer = new Authorizer(options.findCredentials ?? ANONYMOUS, (request) =>
      follow(this.#dispatcher, request, this.#patience),
    )
  }

  /**
   * What a reference stands for now. Asks with HEAD, because some registries count every GET of a manifest.
   *
   * @throws {ExpectedError} MANIFEST_UNKNOWN, UNAUTHORIZED, DENIED, TOOMANYREQUESTS, UNSUPPORTED, REGISTRY_UNREACHABLE,
   * REGISTRY_ERROR
   */
  async resolve(reference: Reference): Promise<Descriptor> {
    const subject = { registry: reference.domain, what: `image ${formatReference(reference)}` }
    const name = reference.digest ?? reference.tag ?? 'latest'
    return this.#atEndpoints(reference, subject, async (endpoint) => {
      const head = await this.#send(endpoint, 'HEAD', `manifests/${name}`, { accept: ACCEPT })
      const described = head.status === 200 ? descriptorOf(head) : undefined
      if (described && (!reference.digest || described.digest === reference.digest)) return described
      // Some registries do not know HEAD, or answer it without a digest; and only GET has an error's words.
      const response = await this.#send(endpoint, 'GET', `manifests/${name}`, { accept: ACCEPT })
      if (response.status !== 200) throw responseError(subject, response)
      return describe(response, reference.digest, subject)
    })
  }

  /**
   * A small blob or a manifest, whole, exactly as the registry has it.
   *
   * @throws {ExpectedError} CONTENT_MISMATCH when it is not what the descriptor says, and what `resolve` throws.
   */
  async readDocument(repository: Reference, descriptor: Descriptor): Promise<Buffer> {
    const { digest } = descriptor
    const isManifest = isDocument(descriptor)
    const subject = { registry: repository.domain, what: `${isManifest ? 'manifest' : 'blob'} ${digest}` }
    return this.#atEndpoints(repository, subject, async (endpoint) => {
      const path = isManifest ? `manifests/${digest}` : `blobs/${digest}`
      const response = await this.#send(endpoint, 'GET', path, isManifest ? { accept: ACCEPT } : {})
      if (response.status !== 200) throw responseError(subject, response)
      checkBytes(response.body, descriptor, subject)
      return response.body
    })
  }

  /** Sends a blob's bytes to the sink, which checks them. Manifests have an address of their own. */
  async readBlob(repository: Reference, blob: Descriptor, sink: BlobSink): Promise<void> {
    if (isDocument(blob)) return void (await sink.write(await this.readDocument(repository, blob)))
    const { digest } = blob
    const subject = { registry: repository.domain, what: `blob ${digest}` }
    await this.#atEndpoints(repository, subject, async (endpoint) => {
      const response = await this.#send(endpoint, 'GET', `blobs/${digest}`, {}, (status) =>
        status === 200 ? sink : undefined,
      )
      if (response.status !== 200) throw responseError(subject, response)
    })
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy()
  }

  /** Tries the mirrors and then the registry itself; the last one's error is the one that counts. */
  async #atEndpoints<T>(reference: Reference, subject: Subject, ask: (endpoint: Endpoint) => Promise<T>): Promise<T> {
    let failure: unknown
    for (const endpoint of endpointsOf(reference, this.#options)) {
      try {
        return await ask(endpoint)
      } catch (error) {
        failure = networkError({ ...subject, registry: nameOf(endpoint, subject) }, error)
        if (!(failure instanceof ExpectedError) || failure.code.startsWith('DISK_')) throw failure
      }
    }
    throw failure
  }

  async #send(
    endpoint: Endpoint,
    method: Request['method'],
    path: string,
    extra: Record<string, string>,
    receive?: Receive,
  ): Promise<Response> {
    const url = new URL(`/v2/${endpoint.repository}/${path}`, endpoint.base)
    const authorization = await this.#authorizer.header(endpoint)
    const ask = (headers: Record<string, string>) =>
      follow(this.#dispatcher, { url, method, headers: { ...extra, ...headers } }, this.#patience, receive)
    const response = await ask(authorization)
    // A 401 from where a redirect led is not the registry's question: nothing of ours is answered there.
    if (response.status !== 401 || response.url.origin !== url.origin) return response
    const challenges = parseChallenges(response.headers['www-authenticate'] ?? (await this.#ping(endpoint)))
    const better = await this.#authorizer.answer(endpoint, challenges, authorization.authorization)
    return better ? ask(better) : response
  }

  /** The challenge of `/v2/`, for a registry that does not repeat it elsewhere. */
  async #ping({ base }: Endpoint): Promise<string | string[] | undefined> {
    const url = new URL('/v2/', base)
    const { headers } = await follow(this.#dispatcher, { url, method: 'GET', headers: {} }, this.#patience)
    return headers['www-authenticate']
  }
}

function isDocument({ mediaType }: Descriptor): boolean {
  return isManifestType(mediaType) || isIndexType(mediaType)
}

/** A mirror is named where it is the one that fails. */
function nameOf({ base }: Endpoint, { registry }: Subject): string {
  return base.host === registry || registry === 'docker.io' ? registry : base.host
}

function descriptorOf({ headers }: Response): Descriptor | undefined {
  const digest = headers['docker-content-digest']
  const size = Number(headers['content-length'])
  const mediaType =
    String(headers['content-type'] ?? '')
      .split(';')[0]
      ?.trim() ?? ''
  if (!isDigest(digest) || !(size > 0) || (!isManifestType(mediaType) && !isIndexType(mediaType))) return undefined
  return { mediaType, digest, size }
}

function describe({ headers, body }: Response, expected: Digest | undefined, { what, registry }: Subject): Descriptor {
  const contentType = typeof headers['content-type'] === 'string' ? headers['content-type'] : undefined
  const promised = expected ?? headers['docker-content-digest']
  const digest = digestOf(body, isDigest(promised) ? splitDigest(promised).algorithm : 'sha256')
  // Schema 1 is signed: its digest is not that of its bytes, and parsing refuses it.
  if (isDigest(promised) && promised !== digest && !isSchema1Type(contentType ?? '')) {
    throw new ExpectedError('CONTENT_MISMATCH', `${what}: ${registry} promised ${promised} and sent ${digest}`, {
      hint: 'A proxy or a broken registry changed it. Try another network path or mirror.',
    })
  }
  const { mediaType } = parseManifest(body, contentType, what)
  return { mediaType, digest, size: body.length }
}

function checkBytes(bytes: Buffer, { digest, size }: Descriptor, { what, registry }: Subject): void {
  const actual = digestOf(bytes, splitDigest(digest).algorithm)
  if (actual === digest && bytes.length === size) return
  throw new ExpectedError(
    'CONTENT_MISMATCH',
    `${what}: ${registry} sent ${bytes.length} bytes with ${actual} instead`,
    {
      hint: 'A proxy or a broken registry changed it. Try another network path or mirror.',
    },
  )
}
