import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-type.ts'

interface Content {
  readonly content: Buffer
  readonly mediaType: string
  readonly digest: string
}

/** What a hostile registry does instead of answering; something truthy when it took the request. */
export type Misbehave = (request: IncomingMessage, response: ServerResponse, content: Buffer) => unknown

/** A registry in memory on a free port of 127.0.0.1, for what a real one cannot be made to do. Ends with the test. */
export class MemoryRegistry {
  readonly host: string
  /** `GET /v2/…` of every request, in order. */
  readonly requests: string[] = []
  misbehave: Misbehave | undefined
  readonly #contents = new Map<string, Content>()

  private constructor(port: number) {
    this.host = `127.0.0.1:${port}`
  }

  static async start(): Promise<MemoryRegistry> {
    const server = createServer((request, response) => registry.answer(request, response))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const registry = new MemoryRegistry((server.address() as AddressInfo).port)
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    return registry
  }

  addBlob(repository: string, content: Buffer, mediaType = OCI_LAYER_GZIP): Descriptor {
    return this.#add(`/v2/${repository}/blobs/`, content, mediaType)
  }

  /** An image of layers, under its digest and, when given, a tag. */
  addImage(
    repository: string,
    tag: string | undefined,
    layers: readonly Buffer[],
    { platform = { os: 'linux', architecture: 'amd64' } } = {},
  ): Descriptor {
    const config = this.addBlob(repository, Buffer.from(JSON.stringify({ ...platform, rootfs: {} })), OCI_CONFIG)
    const manifest = {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config,
      layers: layers.map((layer) => this.addBlob(repository, layer)),
    }
    return this.addManifest(repository, tag, manifest, OCI_MANIFEST)
  }

  addIndex(repository: string, tag: string, manifests: readonly object[]): Descriptor {
    return this.addManifest(repository, tag, { schemaVersion: 2, mediaType: OCI_INDEX, manifests }, OCI_INDEX)
  }

  /** A document, or its bytes as they are to be. */
  addManifest(repository: string, tag: string | undefined, document: object, mediaType: string): Descriptor {
    const content = Buffer.isBuffer(document) ? document : Buffer.from(JSON.stringify(document))
    const descriptor = this.#add(`/v2/${repository}/manifests/`, content, mediaType)
    if (tag) this.#contents.set(`/v2/${repository}/manifests/${tag}`, { content, mediaType, digest: descriptor.digest })
    return descriptor
  }

  /** Answers the referrers API for a manifest, which this registry does not know otherwise. */
  addReferrers(repository: string, digest: string, manifests: readonly object[]): void {
    const content = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }))
    const path = `/v2/${repository}/referrers/${digest}`
    this.#contents.set(path, { content, mediaType: OCI_INDEX, digest: digestOf(content) })
  }

  #add(path: string, content: Buffer, mediaType: string): Descriptor {
    const digest = digestOf(content)
    this.#contents.set(`${path}${digest}`, { content, mediaType, digest })
    return { mediaType, digest, size: content.length }
  }

  answer(request: IncomingMessage, response: ServerResponse): unknown {
    this.requests.push(`${request.method} ${request.url}`)
    const path = new URL(request.url ?? '/', 'http://registry').pathname
    const found = this.#contents.get(path)
    if (this.misbehave?.(request, response, found?.content ?? Buffer.alloc(0))) return undefined
    if (!found) return sendError(response, 404, 'MANIFEST_UNKNOWN')
    const { content, mediaType, digest } = found
    const [, start] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? []
    const from = Number(start ?? 0)
    if (from >= content.length && start) return sendError(response, 416, 'RANGE_INVALID')
    response.writeHead(start ? 206 : 200, {
      'content-type': mediaType,
      'docker-content-digest': digest,
      'content-length': content.length - from,
      ...(start && { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }),
    })
    return response.end(request.method === 'HEAD' ? undefined : content.subarray(from))
  }
}

export function sendError(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string> = {},
) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  return response.end(JSON.stringify({ errors: [{ code, message: 'as scripted' }] }))
}
