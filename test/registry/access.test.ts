import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Server } from 'node:net'
import { delimiter, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseAuthFile } from '../../src/cli/registry/auth-files.ts'
import { parseReference } from '../../src/oci/reference.ts'
import type { RegistryOptions } from '../../src/registry/client/endpoint-fallback.ts'
import { RegistryClient } from '../../src/registry/client/registry-client.ts'
import { makeCertificates } from '../support/certificates.ts'
import { runCli } from '../support/cli.ts'
import { testWith } from '../support/debian.ts'
import { MemoryRegistry, sendError } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { startTlsRegistry } from '../support/tls-registry.ts'

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
  })
  return (server.address() as AddressInfo).port
}

function resolveWith(options: RegistryOptions, reference: string) {
  const client = new RegistryClient({ retry: { attempts: 1, delay: 1 }, ...options })
  onTestFinished(() => client.close())
  return client.resolve(parseReference(reference))
}

const withOpenssl = testWith(['openssl'])

/** A proxy that tunnels every name to this machine; what it was asked for is in `tunnels`. */
async function startProxy() {
  const tunnels: string[] = []
  const server = createServer().on('connect', ({ url = '' }: IncomingMessage, socket) => {
    tunnels.push(url)
    const target = connect(Number(url.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      target.pipe(socket).pipe(target)
    })
    const end = () => [socket, target].map((side) => side.destroy())
    target.on('error', end).on('close', end)
    socket.on('error', end)
  })
  return { url: `http://127.0.0.1:${await listen(server)}`, tunnels }
}

withOpenssl('https: own authorities, client certificates, and a proxy in between', async () => {
  const certificates = await makeCertificates()
  const pem = certificates.read
  const registry = await MemoryRegistry.start()
  const target = registry.addImage('app', '1', [Buffer.from('layer')])
  const { port } = await startTlsRegistry(registry, certificates)
  const proxy = await startProxy()
  const reference = `localhost.test:${port}/app:1`
  const throughProxy = { proxies: { https: proxy.url } }
  const ca = await pem('ca.crt')
  const client = { certificate: await pem('client.crt'), key: await pem('client.key') }

  await expect(resolveWith(throughProxy, reference)).rejects.toMatchObject({
    code: 'REGISTRY_UNREACHABLE',
    message: expect.stringMatching(/certificate is not trusted/),
    hint: expect.stringContaining('--ca FILE'),
  })
  await expect(resolveWith({ ...throughProxy, ca: [ca] }, reference)).rejects.toMatchObject({ code: 'DENIED' })
  expect(await resolveWith({ ...throughProxy, ca: [ca], clients: [client] }, reference)).toEqual(target)
  expect(new Set(proxy.tunnels)).toEqual(new Set([`localhost.test:${port}`]))
})

withOpenssl('a certificate that is not trusted is not asked for again, and a session is used again', async () => {
  const certificates = await makeCertificates()
  const registry = await MemoryRegistry.start()
  const target = registry.addImage('app', '1', [Buffer.from('layer')])
  const { port, handshakes } = await startTlsRegistry(registry, certificates, { wantsClient: false })
  const proxy = await startProxy()
  const options = { proxies: { https: proxy.url }, retry: { attempts: 5, delay: 1 } }
  await expect(resolveWith(options, `localhost.test:${port}/app:1`)).rejects.toMatchObject({
    message: expect.stringMatching(/certificate is not trusted/),
  })
  expect(proxy.tunnels).toHaveLength(1)

  // 0.0.0.0 leads here, and is no name of loopback to which plain http is spoken.
  const client = new RegistryClient({ ca: [await certificates.read('ca.crt')] })
  onTestFinished(() => client.close())
  const reference = parseReference(`0.0.0.0:${port}/app:1`)
  registry.misbehave = (_request, response) => void response.setHeader('connection', 'close')
  for (let count = 0; count < 4; count++) expect(await client.resolve(reference)).toEqual(target)
  expect(handshakes.filter((isReused) => isReused).length).toBeGreaterThanOrEqual(3)
})

test('plain http where https was expected: the hint says how to allow it', async () => {
  const registry = await MemoryRegistry.start()
  const proxy = await startProxy()
  const reference = `plain.test:${registry.host.split(':')[1]}/app:1`
  await expect(resolveWith({ proxies: { https: proxy.url } }, reference)).rejects.toMatchObject({
    code: 'REGISTRY_UNREACHABLE',
    hint: expect.stringContaining('--plain-http plain.test'),
  })
})

test('loopback hosts are not asked through a proxy, nor those that no_proxy names', async () => {
  const registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [])
  const proxy = await startProxy()
  expect(await resolveWith({ proxies: { http: proxy.url } }, `${registry.host}/app:1`)).toBeDefined()
  expect(proxy.tunnels).toEqual([])
})

const USER = { username: 'robot', password: 'secret' }
const EXPECTED = `Basic ${Buffer.from('robot:secret').toString('base64')}`

async function startBasicRegistry(): Promise<MemoryRegistry> {
  const registry = await MemoryRegistry.start()
  registry.addImage('team/app', '1', [Buffer.from('layer')])
  registry.misbehave = ({ headers }, response) =>
    headers.authorization !== EXPECTED &&
    sendError(response, 401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="r"' })
  return registry
}

test('a credential helper is run, once', async () => {
  const registry = await startBasicRegistry()
  const directory = await temporaryDirectory()
  const [program, calls] = [join(directory, 'docker-credential-test'), join(directory, 'calls')]
  const answer = JSON.stringify({ ServerURL: registry.host, Username: USER.username, Secret: USER.password })
  await writeFile(program, `#!/bin/sh\n{ cat; echo " $1"; } >> '${calls}'\necho '${answer}'\n`)
  await chmod(program, 0o755)
  await writeFile(join(directory, 'config.json'), JSON.stringify({ credHelpers: { [registry.host]: 'test' } }))
  const env = { DOCKER_CONFIG: directory, PATH: `${directory}${delimiter}${process.env.PATH}` }
  const out = join(directory, 'out.tar')
  expect(await runCli(['bundle', '--image', `${registry.host}/team/app:1`, '-o', out], { env })).toMatchObject({
    exitCode: 0,
  })
  expect(await readFile(calls, 'utf8')).toBe(`${registry.host} get\n`)
})

test('a helper that is not there is named', async () => {
  const registry = await startBasicRegistry()
  const directory = await temporaryDirectory()
  await writeFile(join(directory, 'config.json'), JSON.stringify({ credsStore: 'missing' }))
  const args = ['lock', '--image', `${registry.host}/team/app:1`, '-o', join(directory, 'out.lock')]
  const { exitCode, stderr } = await runCli(args, { env: { DOCKER_CONFIG: directory } })
  expect(stderr).toContain('docker-credential-missing: cannot be run: ENOENT [UNAUTHORIZED]')
  expect(exitCode).toBe(3)
})

test('REGISTRY_AUTH_FILE counts by path', async () => {
  const registry = await startBasicRegistry()
  const directory = await temporaryDirectory()
  const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') })
  const file = join(directory, 'auth.json')
  const auths = { [registry.host]: auth('other:wrong'), [`${registry.host}/team`]: auth('robot:secret') }
  await writeFile(file, JSON.stringify({ auths }))
  const args = ['lock', '--image', `${registry.host}/team/app:1`, '-o', join(directory, 'out.lock')]
  expect(await runCli(args, { env: { REGISTRY_AUTH_FILE: file } })).toMatchObject({ exitCode: 0 })
})

/** A file with a pod and the pull secret for its image, and whether a bundle is made of it. */
async function bundleWithSecret(directory: string, host: string, config: string, flags: string[] = []) {
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'pull' },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': Buffer.from(config).toString('base64') },
  }
  const container = { name: 'app', image: `${host}/team/app:1`, imagePullPolicy: 'Never' }
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'app' }, spec: { containers: [container] } }
  const input = join(directory, 'all.yaml')
  await writeFile(input, [secret, pod].map((document) => JSON.stringify(document)).join('\n---\n'))
  const env = { DOCKER_CONFIG: directory, PATH: `${directory}${delimiter}${process.env.PATH}` }
  return runCli(['bundle', input, '--force', '-o', join(directory, 'out.tar'), ...flags], { env })
}

test('pull secrets among the inputs are used when that is asked for', async () => {
  const registry = await startBasicRegistry()
  const directory = await temporaryDirectory()
  const config = JSON.stringify({ auths: { [registry.host]: USER } })
  const refused = await bundleWithSecret(directory, registry.host, config)
  expect(refused.exitCode).toBe(3)
  expect(refused.stderr).toContain(`${registry.host} asks for credentials`)
  expect(refused.stderr).toContain(
    `try: A pull secret among the inputs is for ${registry.host}: add --use-pull-secrets\n`,
  )
  const used = await bundleWithSecret(directory, registry.host, config, ['--use-pull-secrets'])
  expect(used).toMatchObject({ exitCode: 0 })
  expect((await readFile(join(directory, 'out.tar'))).includes(USER.password)).toBe(false)
})

test('a pull secret never says what is run', async () => {
  const registry = await startBasicRegistry()
  const directory = await temporaryDirectory()
  await writeFile(join(directory, 'docker-credential-evil'), `#!/bin/sh\ntouch '${directory}/ran'\nexit 1\n`)
  await chmod(join(directory, 'docker-credential-evil'), 0o755)
  for (const helpers of [{ credsStore: 'evil' }, { credHelpers: { [registry.host]: 'evil' } }]) {
    const config = JSON.stringify({ auths: {}, ...helpers })
    const { exitCode, stderr } = await bundleWithSecret(directory, registry.host, config, ['--use-pull-secrets'])
    expect(exitCode).toBe(3)
    expect(stderr).toContain('UNAUTHORIZED')
  }
  expect(await readdir(directory)).not.toContain('ran')
})

test.for([
  ['{', 'not JSON'],
  ['null', 'not a JSON object'],
  ['[]', 'not a JSON object'],
  ['{"auths":[]}', 'auths: not an object'],
  ['{"auths":{"HOST":"x"}}', 'auths, HOST: not an object'],
  ['{"auths":{"HOST":{"auth":5}}}', 'auths, HOST, auth: not a text'],
  ['{"credHelpers":{"HOST":{}}}', 'credHelpers, HOST: not a text'],
  ['{"credsStore":["x"]}', 'credsStore: not a text'],
])('credentials that are none are said without what they hold: %s', ([text = '', problem = '']) => {
  expect(() => parseAuthFile(text, 'config.json')).toThrow(
    expect.objectContaining({
      message: `config.json: credentials cannot be read: ${problem}`,
      hint: expect.stringContaining('Correct config.json; or move it away'),
    }),
  )
})

test('nulls are nothing, and entries of other tools are left alone', () => {
  const text = '{"auths":{"a":{},"b":{"auth":null,"email":5}},"credHelpers":null,"HttpHeaders":{"x":1},"psFormat":2}'
  expect(parseAuthFile(text, 'config.json')).toEqual({ auths: { a: {}, b: {} }, credHelpers: {} })
})
