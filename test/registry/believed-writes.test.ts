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

const YES: [status: number, headers: Record<string, string>][] = [
  ...[200, 202, 204].flatMap((status): typeof YES => [
    [status, {}],
    [status, { location: '/v2/app/manifests/one' }],
  ]),
  ...[200, 201, 202, 204].map((status): (typeof YES)[number] => [status, { 'docker-content-digest': BLOB.digest }]),
]

test.for(YES)('a manifest that is answered %d %o, and was not taken, is not believed', async ([status, headers]) => {
  const registry = await WritableRegistry.start()
  registry.misbehave = ({ method }, response) => method === 'PUT' && response.writeHead(status, headers).end()
  await expect(push(registry)).rejects.toMatchObject({
    code: 'REGISTRY_ERROR',
    message: expect.stringMatching(/says that it took it, and has it not/),
  })
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
  registry.answers.manifest = 202
  registry.misbehave = ({ method }, response) => method !== 'PUT' && looks++ < 2 && response.writeHead(404).end()
  await push(registry)
  expect(registry.manifests.get('app@one')).toEqual(MANIFEST)
})

test.for([401, 403, 405])('who may write and not read (%d) pushes', async (status) => {
  const registry = await WritableRegistry.start()
  registry.answers.manifest = 202
  registry.misbehave = ({ method }, response) =>
    (method === 'GET' || method === 'HEAD') && sendError(response, status, 'DENIED')
  await push(registry)
  expect(registry.manifests.get('app@one')).toEqual(MANIFEST)
})

test.for<[status: number, headers: Record<string, string>]>([
  [201, {}],
  [201, { 'docker-content-digest': digestOf(MANIFEST) }],
  [202, { 'docker-content-digest': digestOf(MANIFEST) }],
])('a registry that answers %d %o is asked no more', async ([status, headers]) => {
  const registry = await WritableRegistry.start()
  registry.misbehave = (_, response) => response.writeHead(status, headers).end()
  await push(registry)
  expect(registry.requests.map(({ line }) => line)).toEqual(['PUT /v2/app/manifests/one'])
})

test.for<[what: string, headers: Record<string, string | number>, isThere: boolean]>([
  ['no length', {}, true],
  ['its length', { 'content-length': BLOB.size }, true],
  ['another length', { 'content-length': 5 }, false],
  ['no bytes', { 'content-length': 0 }, false],
  ['another length, but its digest', { 'content-length': 5, 'docker-content-digest': BLOB.digest }, true],
  ['another digest and length', { 'content-length': 5, 'docker-content-digest': digestOf(MANIFEST) }, false],
])('a blob that is said to be there with %s', async ([, headers, isThere]) => {
  const registry = await WritableRegistry.start()
  registry.misbehave = ({ method }, response) => method === 'HEAD' && response.writeHead(200, headers).end()
  expect(await has(registry)).toBe(isThere)
})
