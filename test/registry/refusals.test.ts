import { expect, onTestFinished, test } from 'vitest'
import { parseReference } from '../../src/oci/reference.ts'
import { RegistryClient } from '../../src/registry/client/registry-client.ts'
import { UploadClient } from '../../src/registry/client/upload-client.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { WritableRegistry } from '../support/writable-registry.ts'

const error = (code: string, message: string) => JSON.stringify({ errors: [{ code, message }] })

test.for<[who: string, status: number, body: string, problem: string, hint: string]>([
  [
    'Harbor, of an image that was not scanned',
    412,
    error('PROJECTPOLICYVIOLATION', 'current image without vulnerability scanning cannot be pulled'),
    'has a rule against it (412)',
    'allow it',
  ],
  [
    'Harbor, of an image that nobody signed',
    412,
    error('PROJECTPOLICYVIOLATION', 'The image is not signed'),
    'rule',
    'allow it',
  ],
  ['a country', 451, '', 'has a rule against it (451)', 'allow it'],
  [
    'Xray',
    403,
    error('DENIED', 'Artifact download request rejected: app/1 was not downloaded due to the download blocking policy'),
    'has a rule against it (403)',
    'allow it',
  ],
  [
    'a firewall of Nexus',
    403,
    error('DENIED', 'Requested item is quarantined'),
    'has a rule against it (403)',
    'allow it',
  ],
  [
    'an account',
    403,
    error('DENIED', 'requested access to the resource is denied'),
    'denies access',
    'the account may pull',
  ],
  ['whatever', 418, '', 'answers 418', 'Ask the operator'],
  [
    'Go, asked without https',
    400,
    'Client sent an HTTP request to an HTTPS server.',
    'speaks https there, and was asked without',
    'Leave out: --plain-http',
  ],
  [
    'nginx, asked without https',
    400,
    '<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>',
    'speaks https there, and was asked without',
    'Leave out: --plain-http',
  ],
])('a pull that is refused by %s', async ([, status, body, problem, hint]) => {
  const registry = await MemoryRegistry.start()
  registry.misbehave = (_, response) => response.writeHead(status).end(body)
  const client = new RegistryClient({ retry: { attempts: 1, delay: 1 } })
  onTestFinished(() => client.close())
  await expect(client.resolve(parseReference(`${registry.host}/app:1`))).rejects.toMatchObject({
    message: expect.stringContaining(problem),
    hint: expect.stringContaining(hint),
  })
})

test('an upload that the registry wants at a host that is none names that host', async () => {
  const registry = await WritableRegistry.start()
  registry.misbehave = ({ method }, response) =>
    method === 'POST' &&
    response.writeHead(202, { location: 'http://inside.invalid:8080/v2/app/blobs/uploads/1' }).end()
  const client = new UploadClient({ retry: { attempts: 1, delay: 1 } })
  onTestFinished(() => client.close())
  const blob = { mediaType: 'x', digest: `sha256:${'0'.repeat(64)}`, size: 1 } as const
  const pushing = client.putBlob(`${registry.host}/app`, blob, async function* () {
    yield Buffer.from('x')
  })
  await expect(pushing).rejects.toMatchObject({
    message: expect.stringContaining(`${registry.host}: leads to inside.invalid:8080: `),
    hint: expect.stringContaining(`It is ${registry.host} that names this address`),
  })
})

test('long headers are read', async () => {
  const registry = await MemoryRegistry.start()
  const image = registry.addImage('app', '1', [Buffer.from('layer')])
  registry.misbehave = (_, response) => {
    for (let at = 0; at < 20; at++) response.setHeader(`x-policy-${at}`, 'x'.repeat(4000))
    return false
  }
  const client = new RegistryClient({ retry: { attempts: 1, delay: 1 } })
  onTestFinished(() => client.close())
  expect(await client.resolve(parseReference(`${registry.host}/app:1`))).toMatchObject({ digest: image.digest })
})
