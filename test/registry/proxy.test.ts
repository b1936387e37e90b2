import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { type ProxyOptions, proxyFor } from '../../src/registry/http/proxy.ts'
import { makeCertificates } from '../support/certificates.ts'
import { runCli } from '../support/cli.ts'
import { testWith } from '../support/debian.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { startTinyproxy } from '../support/tinyproxy.ts'
import { startTlsRegistry } from '../support/tls-registry.ts'

const BOTH = { http: 'http://plain:1', https: 'http://secure:2' }

test.for<[url: string, proxies: ProxyOptions, proxy: string | undefined]>([
  ['http://quay.io', BOTH, 'http://plain:1/'],
  ['https://quay.io', BOTH, 'http://secure:2/'],
  ['https://quay.io', { http: 'http://plain:1' }, undefined],
  ['https://quay.io', { https: 'proxy:3128' }, 'http://proxy:3128/'],
  ['https://quay.io', { https: 'user:p%40ss@proxy:3128' }, 'http://user:p%40ss@proxy:3128/'],
  ['https://quay.io', { http: 'http://plain:1', all: 'socks5h://all:3' }, 'socks5h://all:3'],
  ['https://quay.io', { ...BOTH, all: 'socks5h://all:3' }, 'http://secure:2/'],
  ['https://localhost:5000', BOTH, undefined],
  ['http://127.0.0.2', BOTH, undefined],
  ['https://[::1]', BOTH, undefined],
  ['https://quay.io', { ...BOTH, no: '*' }, undefined],
  ['https://quay.io', { ...BOTH, no: 'quay.io' }, undefined],
  ['https://cdn.quay.io', { ...BOTH, no: 'other, QUAY.io' }, undefined],
  ['https://notquay.io', { ...BOTH, no: 'quay.io' }, 'http://secure:2/'],
  ['https://quay.io', { ...BOTH, no: '.quay.io' }, 'http://secure:2/'],
  ['https://cdn.quay.io', { ...BOTH, no: '*.quay.io' }, undefined],
  ['https://quay.io', { ...BOTH, no: 'quay.io:8443' }, 'http://secure:2/'],
  ['https://quay.io:8443', { ...BOTH, no: 'quay.io:8443' }, undefined],
  ['https://quay.io', { ...BOTH, no: 'quay.io:443' }, undefined],
  ['https://10.1.2.3', { ...BOTH, no: '10.0.0.0/8' }, undefined],
  ['https://11.1.2.3', { ...BOTH, no: '10.0.0.0/8' }, 'http://secure:2/'],
  ['https://10.1.2.3', { ...BOTH, no: '10.1.2.3' }, undefined],
  ['https://[fd00::1]', { ...BOTH, no: 'fd00::/8' }, undefined],
  ['https://[fd00::1]:5000', { ...BOTH, no: '[fd00::1]:5000' }, undefined],
  ['https://quay.io', { ...BOTH, no: '10.0.0.0/99,,/,:' }, 'http://secure:2/'],
])('%s with %o', ([url, proxies, proxy]) => {
  expect(proxyFor(new URL(url), proxies)?.href).toBe(proxy)
})

test('what is no address of a proxy is not repeated: it may hold a password', () => {
  const reading = () => proxyFor(new URL('https://quay.io'), { https: 'ftp://user:s3cret@proxy' })
  expect(reading).toThrow('HTTPS_PROXY: not the address of a proxy')
})

const [USER, PASSWORD] = ['robot', 's3cret-word']
const withProxy = testWith(['tinyproxy', 'openssl'])

let registry: MemoryRegistry
let directory: string

beforeEach(async () => {
  registry = await MemoryRegistry.start()
  registry.addImage('app', '1', [Buffer.alloc(200_000, 'layer')])
  directory = await temporaryDirectory()
})

/** Every address of this machine that is not loopback's is asked through a proxy; this one means this machine too. */
const portOf = (host: string) => host.split(':')[1]

function bundle(host: string, out: string, env: Record<string, string>, ...flags: string[]) {
  const args = ['bundle', '--image', `${host}/app:1`, '-o', join(directory, out), '--retries', '0', ...flags]
  return runCli(args, { env: { ...NONE, DEBUG: '*', ...env } })
}

/** The machine's own settings. */
const NONE = { http_proxy: '', https_proxy: '', no_proxy: '', HTTP_PROXY: '', HTTPS_PROXY: '', NO_PROXY: '' }

withProxy('plain http through a proxy that asks for a user', async () => {
  const proxy = await startTinyproxy(USER, PASSWORD)
  const host = `0.0.0.0:${portOf(registry.host)}`
  const plain = ['--plain-http', host]
  const url = (password: string) => `http://${USER}:${password}@${proxy.host}`

  const through = await bundle(host, 'through.tar', { HTTP_PROXY: url(PASSWORD) }, ...plain)
  expect(through, through.stderr).toMatchObject({ exitCode: 0 })
  expect(await proxy.log()).toContain(`GET http://${host}/v2/app/blobs/`)
  const tunnels = (await proxy.log()).length

  const past = await bundle(host, 'past.tar', { HTTP_PROXY: url(PASSWORD), NO_PROXY: '0.0.0.0/8' }, ...plain)
  expect(past).toMatchObject({ exitCode: 0 })
  expect(await proxy.log()).toHaveLength(tunnels)

  const wrong = await bundle(host, 'wrong.tar', { HTTP_PROXY: url(`${PASSWORD}-wrong`) }, ...plain)
  const anonymous = await bundle(host, 'anonymous.tar', { HTTP_PROXY: proxy.host }, ...plain)
  expect(anonymous.stderr).toContain(`the proxy ${proxy.host} asks for other credentials (407)`)
  for (const { exitCode } of [wrong, anonymous]) expect(exitCode).toBe(3)
  for (const { stdout, stderr } of [through, past, wrong, anonymous])
    expect(`${stdout}${stderr}`).not.toContain(PASSWORD)
  expect((await readFile(join(directory, 'through.tar'))).includes(PASSWORD)).toBe(false)
})

withProxy('https through a tunnel, and what the proxy says where it makes none', async () => {
  const proxy = await startTinyproxy(USER, PASSWORD)
  const certificates = await makeCertificates()
  const { port } = await startTlsRegistry(registry, certificates, { wantsClient: false })
  const host = `0.0.0.0:${port}`
  const ca = ['--ca', join(certificates.directory, 'ca.crt')]
  const HTTPS_PROXY = `${USER}:${PASSWORD}@${proxy.host}`

  const through = await bundle(host, 'through.tar', { HTTPS_PROXY }, ...ca)
  expect(through, through.stderr).toMatchObject({ exitCode: 0 })
  expect(await proxy.log()).toContain(`CONNECT ${host}`)

  const wrong = await bundle(host, 'wrong.tar', { HTTPS_PROXY: `${USER}:${PASSWORD}x@${proxy.host}` }, ...ca)
  expect(wrong.stderr).toMatch(/the proxy 127\.0\.0\.1:\d+ asks for other credentials \(401\) \[REGISTRY_UNREACHABLE\]/)
  expect(wrong.stderr).toContain('try: Check HTTPS_PROXY')
  const nobody = await bundle('0.0.0.0:1', 'nobody.tar', { HTTPS_PROXY })
  expect(nobody.stderr).toMatch(/the proxy 127\.0\.0\.1:\d+ makes no connection to it \(5\d\d\)/)
  const down = await bundle(host, 'down.tar', { HTTPS_PROXY: `http://${USER}:${PASSWORD}@127.0.0.1:1` }, ...ca)
  expect(down.stderr).toContain('the proxy 127.0.0.1:1: nothing listens there')
  for (const { exitCode } of [wrong, nobody, down]) expect(exitCode).toBe(3)
  for (const { stdout, stderr } of [through, wrong, nobody, down]) expect(`${stdout}${stderr}`).not.toContain(PASSWORD)
})
