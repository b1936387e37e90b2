import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { SettingError } from '../../src/errors.ts'
import { OCI_LAYER_GZIP } from '../../src/oci/media-type.ts'
import { parseReference } from '../../src/oci/reference.ts'
import type { RegistryOptions } from '../../src/registry/client/endpoint-fallback.ts'
import { RegistryClient } from '../../src/registry/client/registry-client.ts'
import { findCertificates } from '../../src/registry/config/certificate-files.ts'
import { endpointsOf } from '../../src/registry/config/endpoint.ts'
import { readHostsDirectory } from '../../src/registry/config/hosts-toml.ts'
import { readRegistriesConf } from '../../src/registry/config/registries-conf.ts'
import { type Certificates, makeCertificates } from '../support/certificates.ts'
import { runCli } from '../support/cli.ts'
import { startContainerd } from '../support/containerd.ts'
import { testWith } from '../support/debian.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { startTlsRegistry } from '../support/tls-registry.ts'

const IMAGE = parseReference('hub.test/team/app:1')
const withOpenssl = testWith(['openssl'])

let registry: MemoryRegistry
let directory: string

beforeEach(async () => {
  registry = await MemoryRegistry.start()
  registry.addImage('team/app', '1', [Buffer.from('layer')])
  directory = await temporaryDirectory()
})

function resolveWith(options: RegistryOptions) {
  const client = new RegistryClient({ retry: { attempts: 1, delay: 1 }, ...options })
  onTestFinished(() => client.close())
  return client.resolve(IMAGE)
}

/** A certs.d with this hosts.toml for the registry of the image. */
async function writeHosts(content: string, name = 'hub.test'): Promise<string> {
  const root = join(directory, 'certs.d')
  await mkdir(join(root, name), { recursive: true })
  await writeFile(join(root, name, 'hosts.toml'), content)
  return root
}

const resolveByHosts = (root: string) => resolveWith({ configured: readHostsDirectory(root) })

/** Puts the certificates where docker and podman look for them. */
async function putCertificates({ directory: from }: Certificates, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  const files = { 'ca.crt': 'ca.crt', 'client.crt': 'client.cert', 'client.key': 'client.key' }
  for (const [source, name] of Object.entries(files)) await copyFile(join(from, source), join(to, name))
}

withOpenssl('hosts.toml: ca, client and header are for their host, files relative to it', async () => {
  const certificates = await makeCertificates()
  const { port } = await startTlsRegistry(registry, certificates)
  const seen: unknown[] = []
  registry.misbehave = ({ headers }) => void seen.push([headers['x-gate'], headers['x-two']])
  const root = await writeHosts(`
server = "https://127.0.0.1:${port}"
ca = "ca.crt"
client = [["client.cert", "client.key"]]
[header]
  X-Gate = "open"
  x-two = ["a", "b"]
`)
  await putCertificates(certificates, join(root, 'hub.test'))
  expect(await resolveByHosts(root)).toBeDefined()
  expect(seen).toEqual([['open', 'a, b']])

  for (const without of ['ca', 'client']) {
    const content = { ca: 'ca = "ca.crt"', client: 'client = [["client.cert", "client.key"]]', [without]: '' }
    await writeHosts(`server = "https://127.0.0.1:${port}"\n${content.ca}\n${content.client}`)
    await expect(resolveByHosts(root)).rejects.toMatchObject({
      code: without === 'ca' ? 'REGISTRY_UNREACHABLE' : 'DENIED',
    })
  }
})

withOpenssl('hosts.toml: skip_verify takes any certificate, also where the address says http', async () => {
  const { port } = await startTlsRegistry(registry, await makeCertificates(), { wantsClient: false })
  for (const scheme of ['https', 'http']) {
    const root = await writeHosts(`[host."${scheme}://127.0.0.1:${port}"]\nskip_verify = true\n`)
    expect(await resolveByHosts(root), scheme).toBeDefined()
  }
  await expect(resolveByHosts(await writeHosts(`server = "https://127.0.0.1:${port}"`))).rejects.toThrow(/not trusted/)
})

test('hosts.toml: http with settings for https is plain where https is not spoken', async () => {
  const root = await writeHosts(`server = "http://${registry.host}"\nskip_verify = true\n`)
  expect(await resolveByHosts(root)).toBeDefined()
})

test('hosts.toml: its headers do not go where a redirect leads', async () => {
  const seen: unknown[] = []
  const storage = createServer(({ headers }, response) => {
    seen.push(headers['x-gate'])
    response.end('layer')
  })
  await new Promise<void>((resolve) => storage.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void storage.close())
  const { port } = storage.address() as AddressInfo
  registry.misbehave = ({ url = '', headers }, response) => {
    seen.push(headers['x-gate'])
    return url.includes('/blobs/') && response.writeHead(307, { location: `http://127.0.0.1:${port}/` }).end()
  }
  const root = await writeHosts(`server = "http://${registry.host}"\n[header]\nx-gate = "open"\n`)
  const client = new RegistryClient({ configured: readHostsDirectory(root) })
  onTestFinished(() => client.close())
  await client.readDocument(IMAGE, registry.addBlob('team/app', Buffer.from('layer'), OCI_LAYER_GZIP))
  expect(seen).toEqual(['open', undefined])
})

test('hosts.toml: override_path, dial_timeout and capabilities', async () => {
  const root = await writeHosts(`
[host."https://a.test/v1/mirror"]
  override_path = true
  dial_timeout = "1500ms"
[host."https://b.test/sub"]
  capabilities = ["RESOLVE"]
[host."c.test:8443"]
  capabilities = ["pull"]
[host."https://d.test"]
  capabilities = ["push"]
`)
  const endpoints = await endpointsOf(IMAGE, { configured: readHostsDirectory(root) })
  expect(
    endpoints.map(({ base, path, only, settings }) => [`${base.origin}${path}`, only, settings?.connectTimeout]),
  ).toEqual([
    ['https://a.test/v1/mirror', undefined, 1500],
    ['https://b.test/sub/v2', 'tags', undefined],
    ['https://c.test:8443/v2', 'digests', undefined],
    ['https://hub.test/v2', undefined, undefined],
  ])
})

test.for<[what: string, content: string, message: RegExp]>([
  ['no TOML', '[host', /hosts\.toml: /],
  ['an unknown capability', 'capabilities = ["fly"]', /capability "fly" is none/],
  ['no address', 'server = "https://"', /not an address: "https:\/\/"/],
  ['an authority that is not there', 'ca = "none.crt"', /none\.crt: no such file or directory/],
  ['an authority that is none', 'ca = "hosts.toml"', /holds no certificate in PEM/],
  ['a client that is no pair', 'client = [["a", "b", "c"]]', /client holds something that is no pair/],
  ['a client that is a number', 'client = [1]', /client is neither a text nor a list of texts/],
  ['a time-out that is no duration', 'dial_timeout = "soon"', /dial_timeout is no duration/],
  ['a proxy that is none', 'proxy = "ftp://user:secret@proxy"', /proxy: not the address of a proxy$/],
])('hosts.toml: %s is named with its file', async ([, content, message]) => {
  await expect(resolveByHosts(await writeHosts(content))).rejects.toThrow(message)
})

withOpenssl('certificate files stand for themselves, in a certs.d of containerd as in those of docker', async () => {
  const certificates = await makeCertificates()
  const { port } = await startTlsRegistry(registry, certificates)
  const [host, root] = [`localhost:${port}`, join(directory, 'certs.d')]
  await putCertificates(certificates, join(root, host))
  const settings = await findCertificates([join(directory, 'none'), root])(host)
  expect(settings).toEqual({
    ca: [await certificates.read('ca.crt')],
    clients: [{ certificate: await certificates.read('client.crt'), key: await certificates.read('client.key') }],
  })
  const [endpoint] = await endpointsOf(parseReference(`${host}/app`), { configured: readHostsDirectory(root) })
  expect(endpoint?.settings).toEqual(settings)

  const conf = `[[registry]]\nprefix = "hub.test"\nlocation = "127.0.0.1:${port}"\ninsecure = true\n`
  const configured = readRegistriesConf(conf, 'registries.conf')
  await expect(resolveWith({ configured }), 'insecure, but who we are is asked').rejects.toMatchObject({
    code: 'DENIED',
  })
  await writeFile(join(root, host, 'client.key'), 'no key')
  await expect(findCertificates([root])(host)).rejects.toMatchObject({ code: 'TLS_INVALID' })
})

test('a hosts.toml that is none is a fault of the input, whatever else could be had', async () => {
  const args = ['lock', '--image', 'hub.test/team/app:1', '--allow-missing', '-o', join(directory, 'out.lock')]
  const hosts = await writeHosts('server = [')
  const answer = await runCli([...args, '--hosts-dir', hosts])
  expect(answer).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('hosts.toml: ') })
  for (const content of ['server = "https://["', 'capabilities = ["fly"]', 'ca = 5', 'ca = "gone.crt"']) {
    await expect(resolveByHosts(await writeHosts(content)), content).rejects.toBeInstanceOf(SettingError)
  }
})

withOpenssl('--cert-dir: certificates for one host, from the command line', async () => {
  const certificates = await makeCertificates()
  const { port } = await startTlsRegistry(registry, certificates)
  const [certs, out] = [join(directory, 'certs'), join(directory, 'out.lock')]
  await putCertificates(certificates, join(certs, `127.0.0.1:${port}`))
  // An address of this machine is asked over http; a hosts.toml says otherwise.
  const hosts = await writeHosts(`server = "https://127.0.0.1:${port}"`)
  const args = ['lock', '--image', 'hub.test/team/app:1', '--hosts-dir', hosts, '-o', out]
  expect(await runCli([...args, '--retries', '0'])).toMatchObject({ exitCode: 3 })
  expect(await runCli([...args, '--cert-dir', certs])).toMatchObject({ exitCode: 0 })
})

withOpenssl('registries.conf: insecure is https with any certificate, or else plain http', async () => {
  const { port } = await startTlsRegistry(registry, await makeCertificates(), { wantsClient: false })
  for (const location of [`127.0.0.1:${port}`, registry.host]) {
    const conf = `[[registry]]\nprefix = "hub.test"\nlocation = "${location}"\ninsecure = true\n`
    expect(await resolveWith({ configured: readRegistriesConf(conf, 'registries.conf') }), location).toBeDefined()
  }
})

test('registries.conf: the form of version 1 is refused, not passed over', () => {
  expect(() => readRegistriesConf('[registries.insecure]\nregistries = ["a"]\n', 'registries.conf')).toThrow(
    /version 1/,
  )
})

testWith(['containerd', 'ctr', 'openssl'], { root: true })('containerd reads the same certs.d as we do', async () => {
  const certificates = await makeCertificates()
  const { port } = await startTlsRegistry(registry, certificates)
  const root = await writeHosts(`
[host."https://127.0.0.1:${port}"]
  capabilities = ["pull", "resolve"]
  ca = ["ca.crt"]
  client = [["client.cert", "client.key"]]
  [host."https://127.0.0.1:${port}".header]
    x-gate = "open"
`)
  await putCertificates(certificates, join(root, 'hub.test'))
  registry.misbehave = ({ headers }, response) => headers['x-gate'] !== 'open' && response.writeHead(418).end()
  const { ctr } = await startContainerd()
  await ctr('content', 'fetch', '--hosts-dir', root, '--all-platforms', 'hub.test/team/app:1')
  expect(await resolveByHosts(root)).toBeDefined()
})
