import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { UploadClient } from '../../src/registry/client/upload-client.ts'
import { sendError } from '../support/memory-registry.ts'
import { WritableRegistry } from '../support/writable-registry.ts'

const CONTENT = Buffer.alloc(3000, 'content')
const BLOB = { mediaType: OCI_LAYER_GZIP, digest: digestOf(CONTENT), size: CONTENT.length }
const MANIFEST = Buffer.from('{"schemaVersion":2}')

function startClient(): UploadClient {
  const client = new UploadClient({ retry: { attempts: 3, delay: 2 } })
  onTestFinished(() => client.close())
  return client
}

const push = ({ host }: WritableRegistry) => startClient().putManifest(`${host}/app`, 'one', OCI_MANIFEST, MANIFEST)
const has = ({ host }: WritableRegistry) => startClient().hasBlob(`${host}/app`, BLOB)

/** Success, in whatever words: without a digest, with that of another or with ours. */
const YES = [200, 201, 202, 204].flatMap((status): [status: number, headers: Record<string, string>][] => [
  [status, {}],
  [status, { location: '/v2/app/manifests/one' }],
  [status, { 'docker-content-digest': BLOB.digest }],
  [status, { 'docker-content-digest': digestOf(MANIFEST) }],
])

test.for(YES)('a manifest that is answered %d %o, and was not taken, is not believed', async ([status, headers]) => {
  const registry = await WritableRegistry.start()
  registry.misbehave = ({ method }, response) =>
    (method === 'PUT' || method === 'HEAD') && response.writeHead(status, headers).end()
  await expect(push(registry)).rejects.toMatchObject({
    code: 'REGISTRY_ERROR',
    message: expect.stringMatching(/says that it took it, and has it not/),
  })
})

test.for<[what: string, kept: Buffer | undefined, but: RegExp]>([
  ['nothing', undefined, /says that it took it, and has it not/],
  ['something shorter', CONTENT.subarray(1), /says that it took it, and has something else there/],
])('a blob of which %s is kept is not believed', async ([, kept, but]) => {
  const registry = await WritableRegistry.start()
  registry.misbehave = (request, response) => {
    if (request.method !== 'PUT') return false
    if (kept) registry.blobs.set(`app@${BLOB.digest}`, kept)
    return request.resume().on('end', () => response.writeHead(201, { 'docker-content-digest': BLOB.digest }).end())
  }
  const sending = startClient().putBlob(`${registry.host}/app`, BLOB, async function* () {
    yield CONTENT
  })
  await expect(sending).rejects.toMatchObject({ code: 'REGISTRY_ERROR', message: expect.stringMatching(but) })
})

test('a manifest that a registry makes another of is not believed', async () => {
  const registry = await WritableRegistry.start()
  registry.misbehave = ({ method, url }, response) =>
    method !== 'HEAD' && url?.includes('/manifests/') && response.writeHead(200).end('{"schemaVersion": 2}')
  await expect(push(registry)).rejects.toMatchObject({
    message: expect.stringMatching(/says that it took it, and has something else there/),
  })
})

test('a manifest that is there a moment later is believed', async () => {
  const registry = await WritableRegistry.start()
  let looks = 0
  registry.misbehave = ({ method }, response) => method !== 'PUT' && looks++ < 2 && response.writeHead(404).end()
  await push(registry)
  expect(registry.manifests.get('app@one')).toEqual(MANIFEST)
})

test.for([401, 403, 405])('who may write and not read (%d) pushes, and nobody saw it', async (status) => {
  const registry = await WritableRegistry.start()
  registry.misbehave = ({ method }, response) =>
    (method === 'GET' || method === 'HEAD') && sendError(response, status, 'DENIED')
  const client = startClient()
  await client.putManifest(`${registry.host}/app`, 'one', OCI_MANIFEST, MANIFEST)
  expect(registry.manifests.get('app@one')).toEqual(MANIFEST)
  expect([...client.unread]).toEqual([[`${registry.host}/app`, status]])
})

test.for<[what: string, headers: Record<string, string | number>]>([
  ['no length', {}],
  ['its length', { 'content-length': BLOB.size }],
  ['another length', { 'content-length': 5 }],
  ['no bytes', { 'content-length': 0 }],
  ['another length, but its digest', { 'content-length': 5, 'docker-content-digest': BLOB.digest }],
  ['another digest and length', { 'content-length': 5, 'docker-content-digest': digestOf(MANIFEST) }],
])('a blob that is said to be there with %s is looked at where that does not tell', async ([, headers]) => {
  const registry = await WritableRegistry.start()
  registry.misbehave = ({ method }, response) => method === 'HEAD' && response.writeHead(200, headers).end()
  expect(await has(registry)).toBe(headers['content-length'] === BLOB.size)
  registry.blobs.set(`app@${BLOB.digest}`, CONTENT)
  expect(await has(registry)).toBe(true)
})

test.for<[what: string, answer: Answer, isThere: boolean]>([
  ['whole', { body: CONTENT }, true],
  ['whole, and is another', { body: Buffer.alloc(3000, 'other') }, false],
  ['longer', { body: Buffer.alloc(3001, 'content') }, false],
  ['encoded', { headers: { 'content-encoding': 'gzip' }, body: gzipSync(CONTENT) }, true],
  ['as what it is not', { headers: { 'content-encoding': 'gzip' }, body: CONTENT }, false],
  ['a part of something without length', { status: 206, headers: { 'content-range': 'bytes 0-0/*' } }, false],
  ['a part of something longer', { status: 206, headers: { 'content-range': 'bytes 0-0/3001' } }, false],
  ['nothing', { status: 204 }, false],
  ['a refusal', { status: 403 }, false],
])('where HEAD does not tell, and the first byte comes as %s', async ([, answer, isThere]) => {
  const registry = await WritableRegistry.start()
  const { status = 200, headers = {}, body } = answer
  registry.misbehave = ({ method }, response) =>
    method === 'HEAD' ? response.writeHead(200).end() : response.writeHead(status, headers).end(body)
  expect(await has(registry)).toBe(isThere)
})

interface Answer {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: Buffer
}
