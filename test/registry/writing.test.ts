import { randomBytes } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import type { Descriptor } from '../../src/oci/descriptor.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { UploadClient } from '../../src/registry/client/upload-client.ts'
import { sendError } from '../support/memory-registry.ts'
import { listenOn, type MisbehaveAtWrite, WritableRegistry } from '../support/writable-registry.ts'

const CONTENT = randomBytes(300_000)
const BLOB: Descriptor = { mediaType: OCI_LAYER_GZIP, digest: digestOf(CONTENT), size: CONTENT.length }
const MANIFEST = Buffer.from('{"schemaVersion":2}')

function startClient(): UploadClient {
  const client = new UploadClient({
    retry: { attempts: 3, delay: 2 },
    timeouts: { headTimeout: 300, bodyTimeout: 300 },
    findCredentials: async () => ({ username: 'robot', password: 'secret' }),
  })
  onTestFinished(() => client.close())
  return client
}

async function* open(start: number): AsyncGenerator<Uint8Array> {
  for (let at = start; at < CONTENT.length; at += 50_000) yield CONTENT.subarray(at, at + 50_000)
}

/** Each thing that is written or asked for before it is written. */
const STEPS: Record<string, (client: UploadClient, name: string) => Promise<unknown>> = {
  'a blob is looked for': (client, name) => client.hasBlob(name, BLOB),
  'a blob is sent': (client, name) => client.putBlob(name, BLOB, open),
  'a blob is mounted': (client, name) => client.mountBlob(name, BLOB, name.replace(/app$/, 'home')),
  'a manifest is sent': (client, name) => client.putManifest(name, 'one', OCI_MANIFEST, MANIFEST),
  'a manifest is looked for': (client, name) =>
    client.hasManifest(name, 'one', { mediaType: OCI_MANIFEST, digest: digestOf(MANIFEST) }),
}

async function doAll(registry: WritableRegistry, names: readonly string[] = Object.keys(STEPS)): Promise<unknown[]> {
  const client = startClient()
  registry.blobs.set(`home@${BLOB.digest}`, CONTENT)
  const results: unknown[] = []
  for (const name of names) results.push(await STEPS[name]?.(client, `${registry.host}/app`))
  return results
}

const ALL_DONE = [false, undefined, true, undefined, true]

/** Lets nobody in who does not say who they are. */
function guarded(misbehave: MisbehaveAtWrite): MisbehaveAtWrite {
  return (request, response) => {
    if (request.headers.authorization) return misbehave(request, response)
    return sendError(response, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="r"' })
  }
}

test.for([301, 302, 307, 308])('whatever is redirected with %d arrives, and credentials stay', async (status) => {
  const storage = await WritableRegistry.start()
  storage.blobs.set(`home@${BLOB.digest}`, CONTENT)
  const registry = await WritableRegistry.start()
  registry.misbehave = guarded(({ url }, response) =>
    response.writeHead(status, { location: `http://${storage.host}${url}` }).end(),
  )
  expect(await doAll(registry)).toEqual(ALL_DONE)
  expect(storage.blobs.get(`app@${BLOB.digest}`)).toEqual(CONTENT)
  expect(storage.manifests.get('app@one')).toEqual(MANIFEST)
  expect(new Set(storage.requests.map(({ authorization }) => authorization))).toEqual(new Set([undefined]))
})

test.for([400, 403, 404, 405, 501])('a look that is answered %d, by whomever, keeps no push back', async (status) => {
  const registry = await WritableRegistry.start()
  registry.misbehave = ({ method }, response) =>
    method === 'HEAD' && response.writeHead(status, { 'content-type': 'text/html' }).end()
  expect(await doAll(registry)).toEqual(ALL_DONE)
  expect(registry.blobs.get(`app@${BLOB.digest}`)).toEqual(CONTENT)
})

test('storage that a redirect leads to and that is down is named', async () => {
  const registry = await WritableRegistry.start()
  registry.misbehave = ({ method }, response) =>
    method === 'HEAD' && response.writeHead(307, { location: 'http://127.0.0.1:1/x' }).end()
  await expect(doAll(registry)).rejects.toMatchObject({
    message: expect.stringContaining(`${registry.host}: leads to 127.0.0.1:1: nothing listens there`),
  })
  registry.misbehave = ({ url = '' }, response) => response.writeHead(307, { location: url }).end()
  await expect(doAll(registry)).rejects.toMatchObject({ hint: expect.not.stringContaining('--mirror') })
})

test('a redirect at the registry itself keeps credentials', async () => {
  const registry = await WritableRegistry.start()
  registry.misbehave = guarded(
    ({ url = '' }, response) =>
      url.startsWith('/v2/app/') && response.writeHead(307, { location: url.replace('/app/', '/moved/') }).end(),
  )
  expect(await doAll(registry)).toEqual(ALL_DONE)
  expect(registry.blobs.get(`moved@${BLOB.digest}`)).toEqual(CONTENT)
})

test.for([200, 201, 202, 204])('a registry that answers everything it did with %d is understood', async (status) => {
  const registry = await WritableRegistry.start()
  const mount = status === 202 ? 201 : status // 202 begins an upload
  Object.assign(registry.answers, { start: status, blob: status, manifest: status, mount, head: status })
  expect(await doAll(registry)).toEqual(ALL_DONE)
  expect(registry.blobs.get(`app@${BLOB.digest}`)).toEqual(CONTENT)
})

test.for([200, 201, 204])('a mount that is answered %d and did nothing is not believed', async (status) => {
  const registry = await WritableRegistry.start()
  registry.misbehave = ({ url = '' }, response) => url.includes('mount=') && response.writeHead(status).end()
  expect(await doAll(registry, ['a blob is mounted'])).toEqual([false])
})

test.for([400, 401, 403, 404, 405])(
  'a mount that is refused with %d is one upload more, and no end of mounting',
  async (status) => {
    const registry = await WritableRegistry.start()
    let refusals = 0
    registry.misbehave = ({ url = '' }, response) =>
      url.includes('mount=') && refusals++ === 0 && sendError(response, status, 'DENIED')
    expect(await doAll(registry, ['a blob is mounted', 'a blob is mounted'])).toEqual([false, true])
  },
)

const failing = (count: number, status: number, headers: Record<string, string> = {}): MisbehaveAtWrite => {
  let left = count
  return (request, response) => left-- > 0 && request.resume() && sendError(response, status, 'UNKNOWN', headers)
}

test.for([
  [429, {}],
  [429, { 'retry-after': '1' }],
  [503, {}],
  [500, {}],
  [502, {}],
  [504, {}],
] as const)('%d %o passes', async ([status, headers]) => {
  const registry = await WritableRegistry.start()
  for (const name of Object.keys(STEPS)) {
    registry.misbehave = failing('retry-after' in headers ? 1 : 2, status, headers)
    await doAll(registry, [name])
  }
  expect(registry.blobs.get(`app@${BLOB.digest}`)).toEqual(CONTENT)
  expect(registry.manifests.get('app@one')).toEqual(MANIFEST)
})

test('an upload that the registry forgot begins anew', async () => {
  const registry = await WritableRegistry.start()
  let puts = 0
  registry.misbehave = ({ method }, response) =>
    method === 'PUT' && puts++ === 0 && sendError(response, 404, 'BLOB_UPLOAD_UNKNOWN')
  await doAll(registry, ['a blob is sent'])
  expect(registry.blobs.get(`app@${BLOB.digest}`)).toEqual(CONTENT)
})

test('an answer without end is cut off', async () => {
  const registry = await WritableRegistry.start()
  let sent = 0
  registry.misbehave = (request, response) => {
    if (request.method === 'GET') return response.writeHead(401).end()
    request.resume()
    const headers = { location: '/v2/app/blobs/uploads/1', 'docker-content-digest': digestOf(MANIFEST) }
    response.writeHead(request.method === 'POST' ? 202 : 201, headers)
    const pour = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536, 'x'))) sent += 65_536
    }
    if (request.method === 'HEAD') return response.end()
    pour()
    return response.on('drain', pour)
  }
  await doAll(registry, ['a blob is sent', 'a manifest is sent'])
  expect(sent).toBeLessThan(50_000_000)
})

test.for(['file:///etc/passwd', 'ftp://127.0.0.1/upload', 'javascript:0', 'http://'])(
  'nothing is sent to %s',
  async (location) => {
    const registry = await WritableRegistry.start()
    registry.misbehave = ({ method }, response) => method === 'POST' && response.writeHead(202, { location }).end()
    await expect(doAll(registry, ['a blob is sent'])).rejects.toMatchObject({
      code: 'REGISTRY_ERROR',
      message: expect.stringContaining(registry.host),
    })
  },
)

test('an upload to another host shows nobody who we are', async () => {
  const registry = await WritableRegistry.start()
  const seen: (string | undefined)[] = []
  const storage = await listenOn((request, response) => {
    seen.push(request.headers.authorization)
    request.resume().on('end', () => response.writeHead(201).end())
  })
  registry.misbehave = guarded(
    ({ method }, response) =>
      (method === 'POST' && response.writeHead(202, { location: `http://${storage}/up` }).end()) ||
      (method === 'HEAD' && seen.length > 0 && response.writeHead(200, { 'content-length': BLOB.size }).end()),
  )
  await doAll(registry, ['a blob is looked for', 'a blob is sent'])
  expect(seen).toEqual([undefined])
})
