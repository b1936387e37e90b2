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
  ['whom nobody paid', 402, '', 'wants to be paid (402)', 'who pays'],
  ['ECR after 12 hours', 400, error('DENIED', 'The token is expired'), 'says that the login is over', 'docker login'],
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

const storageError = (code: string, message: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message><Resource>/x?sig=SECRET</Resource></Error>`

const LINK = 'refuses the link (403)'

test.for<[what: string, body: string, words: string, problem: string]>([
  ['S3', storageError('AccessDenied', 'Request has expired'), '(AccessDenied: Request has expired)', LINK],
  ['S3 of a role', storageError('ExpiredToken', 'The provided token has expired.'), '(ExpiredToken: The', LINK],
  ['Azure', `\ufeff${storageError('AuthenticationFailed', 'Server failed')}`, '(AuthenticationFailed: Server', LINK],
  ['nothing', '', '', LINK],
  ['a registry', error('DENIED', 'not for you'), '(DENIED: not for you)', 'denies access'],
])('a link that is refused in the words of %s, elsewhere and at the same host', async ([, body, words, problem]) => {
  const [registry, storage] = [await MemoryRegistry.start(), await MemoryRegistry.start()]
  const blob = registry.addBlob('app', Buffer.from('layer'))
  storage.addBlob('app', Buffer.from('layer'))
  for (const place of [registry, storage]) {
    const client = new RegistryClient({ retry: { attempts: 2, delay: 1 } })
    onTestFinished(() => client.close())
    let signed = 0
    const misbehave: MemoryRegistry['misbehave'] = ({ url = '' }, response) =>
      url.includes('sig=')
        ? response.writeHead(403).end(body)
        : response.writeHead(307, { location: `http://${place.host}${url}?sig=${++signed}` }).end()
    registry.misbehave = misbehave
    storage.misbehave = misbehave
    const refused = await client.readDocument(parseReference(`${registry.host}/app`), blob).catch((failure) => failure)
    expect(refused.message).toContain(problem)
    expect(refused.message).toContain(words)
    expect(`${refused.message} ${refused.hint}`).not.toContain('SECRET')
    if (problem !== LINK) continue
    expect(refused).toMatchObject({ code: 'REGISTRY_ERROR', hint: expect.stringContaining('no matter of the account') })
    expect(signed).toBe(2)
    expect(refused.message).toContain(`leads to a place at ${place.host} `)
  }
})
