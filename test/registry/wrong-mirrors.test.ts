import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_LAYER_GZIP } from '../../src/oci/media-type.ts'
import { parseReference } from '../../src/oci/reference.ts'
import { RegistryClient } from '../../src/registry/client/registry-client.ts'
import { HashingSink } from '../support/hashing-sink.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { bundleFrom } from './bundle-from.ts'

const LAYERS = [randomBytes(3000), randomBytes(40)]

async function start(): Promise<MemoryRegistry> {
  const registry = await MemoryRegistry.start()
  registry.addImage('app', '1', LAYERS)
  return registry
}

/** Whoever is asked for a blob says this instead. */
const saying = (say: (response: ServerResponse, content: Buffer) => unknown): MemoryRegistry['misbehave'] => {
  return ({ url = '' }, response, content) => url.includes('/blobs/') && say(response, content)
}
const page = (text: string) => (response: ServerResponse) =>
  response.writeHead(200, { 'content-type': 'text/html' }).end(text)

/** What is sent in place of a blob, and what comes of it where it is sent once, and nobody else can be asked. */
const WRONG: [what: string, say: (response: ServerResponse, content: Buffer) => unknown, once: string[] | 'right'][] = [
  ['bytes of another blob', (response, content) => response.end(Buffer.alloc(content.length)), 'right'],
  ['a wrong beginning, and ends', (response, content) => response.end(Buffer.alloc(content.length >> 1)), 'right'],
  ['a wrong end', (response, content) => response.end(Buffer.concat([content.subarray(1), Buffer.alloc(1)])), 'right'],
  ['too much', (response, content) => response.end(Buffer.concat([content, content])), 'right'],
  ['nothing', (response) => response.end(), 'right'],
  ['a page', page('<html>'), ['REGISTRY_ERROR']],
  ['a long page', page(`<html>${'x'.repeat(5000)}`), ['REGISTRY_ERROR']],
  ['that it has none', (response) => response.writeHead(404).end(), ['BLOB_UNKNOWN']],
]

test.for(WRONG)('a mirror that sends %s is not asked again, and the registry gives the blob', async ([, say]) => {
  const [registry, mirror] = [await start(), await start()]
  mirror.misbehave = saying(say)
  expect(await bundleFrom(registry, undefined, mirror)).toBe('right')
})

test.for(WRONG)('a registry behind its mirror that sends %s once: what comes of it', async ([, say, once]) => {
  const [registry, mirror] = [await start(), await start()]
  mirror.misbehave = saying((response) => response.writeHead(404).end())
  const failed = new Set<string>()
  registry.misbehave = (request, response, content) => {
    const { url = '' } = request
    if (!url.includes('/blobs/') || failed.has(url)) return false
    failed.add(url)
    return say(response, content)
  }
  expect(await bundleFrom(registry, undefined, mirror)).toEqual(once)
})

test.for(['mirror', 'registry'] as const)(
  'bytes that are wrong to the end are told of the %s that sent them',
  async (who) => {
    const hosts = { registry: await start(), mirror: await start() }
    const { registry, mirror } = hosts
    mirror.misbehave = saying((response) => response.writeHead(404).end())
    hosts[who].misbehave = saying((response, content) => response.end(Buffer.alloc(content.length)))
    const [layer = Buffer.alloc(0)] = LAYERS
    const mirrors = [{ from: registry.host, to: mirror.host }]
    const client = new RegistryClient({ retry: { attempts: 1, delay: 1 }, mirrors })
    onTestFinished(() => client.close())
    const blob = { mediaType: OCI_LAYER_GZIP, digest: digestOf(layer), size: layer.length }
    await expect(
      client.readBlob(parseReference(`${registry.host}/app`), blob, new HashingSink()),
    ).rejects.toMatchObject({
      code: 'CONTENT_MISMATCH',
      message: expect.stringContaining(`what arrived from ${hosts[who].host} hashes to sha256:`),
    })
  },
)
