import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { parseReference } from '../../src/oci/reference.ts'
import { RegistryClient } from '../../src/registry/client/registry-client.ts'
import { parseProxy, proxiesFrom } from '../../src/registry/http/proxy.ts'
import { openSocksTunnel } from '../../src/registry/http/socks-tunnel.ts'
import { makeCertificates } from '../support/certificates.ts'
import { testWith } from '../support/debian.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { startTlsRegistry } from '../support/tls-registry.ts'

const USER = 'robot:s3cret'

/** A SOCKS5 server that takes every name to this machine, byte for byte as RFC 1928 has it; it may ask for a user. */
async function startSocks({ wantsUser = false, reply = 0, isOnlyOfNames = false } = {}) {
  const names: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (greeting) => {
      expect(greeting[0]).toBe(5)
      const method = wantsUser ? 2 : 0
      if (!greeting.subarray(2).includes(method)) return socket.end(Buffer.from([5, 255]))
      socket.write(Buffer.from([5, method]))
      if (!wantsUser) return socket.once('data', (request) => answer(socket, request))
      return socket.once('data', (shown) => {
        const length = shown[1]!
        const text = `${shown.subarray(2, 2 + length)}:${shown.subarray(3 + length)}`
        if (text !== USER) return socket.end(Buffer.from([1, 1]))
        socket.write(Buffer.from([1, 0]))
        return socket.once('data', (request) => answer(socket, request))
      })
    })
  })
  const answer = (socket: Socket, request: Buffer) => {
    const isName = request[3] === 3
    const name = isName ? request.subarray(5, 5 + request[4]!).toString() : request.subarray(4, 8).join('.')
    const port = request.readUInt16BE(isName ? 5 + request[4]! : request[3] === 4 ? 20 : 8)
    names.push(`${name}:${port}`)
    if (reply !== 0 && (isName || !isOnlyOfNames)) return socket.end(Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]))
    const target = connect(port, '127.0.0.1', () => {
      // What follows the answer at once belongs to the connection.
      socket.write(Buffer.from([5, 0, 0, 3, 1, 120, 0, 80]))
      target.pipe(socket).pipe(target)
    })
    return target.on('error', () => socket.destroy())
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, names }
}

function resolve(reference: string, proxy: string, ca: string[] = []) {
  const client = new RegistryClient({
    retry: { attempts: 1, delay: 1 },
    timeouts: { headTimeout: 2000, bodyTimeout: 2000 },
    proxies: { http: proxy, https: proxy },
    plainHttp: [reference.split('/')[0] ?? ''].filter((host) => !host.startsWith('localhost')),
    ca,
  })
  onTestFinished(() => client.close())
  return client.resolve(parseReference(reference))
}

test.for(['socks5', 'socks5h'])('%s: the proxy looks names up, with a user or without', async (scheme) => {
  const registry = await MemoryRegistry.start()
  const target = registry.addImage('app', '1', [])
  const [open, closed] = [await startSocks(), await startSocks({ wantsUser: true })]
  const reference = `plain.test:${registry.host.split(':')[1]}/app:1`
  expect(await resolve(reference, `${scheme}://${open.host}`)).toEqual(target)
  expect(await resolve(reference, `${scheme}://${USER}@${closed.host}`)).toEqual(target)
  expect(new Set([...open.names, ...closed.names])).toEqual(new Set([reference.replace('/app:1', '')]))

  const wrong = expect.stringContaining(`the proxy ${closed.host} asks for other credentials`)
  await expect(resolve(reference, `${scheme}://${closed.host}`)).rejects.toMatchObject({ message: wrong })
  await expect(resolve(reference, `${scheme}://robot:no@${closed.host}`)).rejects.toMatchObject({ message: wrong })
})

testWith(['openssl'])('https goes through it, too', async () => {
  const certificates = await makeCertificates()
  const registry = await MemoryRegistry.start()
  const target = registry.addImage('app', '1', [])
  const { port } = await startTlsRegistry(registry, certificates, { wantsClient: false })
  const socks = await startSocks()
  const ca = [await certificates.read('ca.crt')]
  expect(await resolve(`localhost.test:${port}/app:1`, `socks5://${socks.host}`, ca)).toEqual(target)
})

test('an address is asked for as one, and a name that it does not know is looked up here, but for socks5h', async () => {
  const registry = await MemoryRegistry.start()
  const target = registry.addImage('app', '1', [])
  const port = registry.host.split(':')[1]
  const [open, blind] = [await startSocks(), await startSocks({ reply: 4, isOnlyOfNames: true })]
  expect(await resolve(`0.0.0.0:${port}/app:1`, `socks5://${open.host}`)).toEqual(target)
  expect(new Set(open.names)).toEqual(new Set([`0.0.0.0:${port}`]))

  const at = { hostname: 'localhost', port: Number(port) }
  const socket = await openSocksTunnel(new URL(`socks5://${blind.host}`), at, { timeout: 2000 })
  onTestFinished(() => void socket.destroy())
  expect(blind.names[0]).toBe(`localhost:${port}`)
  expect(blind.names).toHaveLength(2)
  await expect(openSocksTunnel(new URL(`socks5h://${blind.host}`), at, { timeout: 2000 })).rejects.toMatchObject({
    reason: 'the host is not reached',
  })
})

test('one that closes in the middle of an answer is not waited for', async () => {
  const closing = createServer((socket) =>
    socket.on('error', () => {}).once('data', () => socket.end(Buffer.from([5]))),
  )
  await new Promise<void>((ready) => closing.listen(0, '127.0.0.1', ready))
  onTestFinished(() => void closing.close())
  const host = `127.0.0.1:${(closing.address() as AddressInfo).port}`
  await expect(resolve('plain.test/app:1', `socks5://${host}`)).rejects.toMatchObject({
    message: expect.stringContaining(`the proxy ${host}: the connection broke (it closed the connection)`),
  })
})

test('what it refuses is said, and that it is none', async () => {
  const refusing = await startSocks({ reply: 2 })
  await expect(resolve('plain.test/app:1', `socks5://${refusing.host}`)).rejects.toMatchObject({
    code: 'REGISTRY_UNREACHABLE',
    message: expect.stringContaining(`the proxy ${refusing.host}: its rules do not allow it`),
  })
  const other = await MemoryRegistry.start()
  await expect(resolve('plain.test/app:1', `socks5://${other.host}`)).rejects.toMatchObject({
    message: expect.stringMatching(/the proxy \S+: it does not speak SOCKS5/),
  })
  await expect(resolve('plain.test/app:1', 'socks5://127.0.0.1:1')).rejects.toMatchObject({
    message: expect.stringContaining('the proxy 127.0.0.1:1: nothing listens there'),
  })
})

test.for(['socks4://proxy:1080', 'socks://proxy:1080', 'ftp://proxy', 'quic://proxy'])(
  '%s is refused at once',
  (proxy) => {
    expect(() => parseProxy(proxy, 'HTTPS_PROXY')).toThrow('HTTPS_PROXY: not the address of a proxy')
    for (const name of ['HTTP_PROXY', 'https_proxy', 'ALL_PROXY'])
      expect(() => proxiesFrom({ [name]: proxy })).toThrow(`${name.toUpperCase()}: not the address of a proxy`)
    expect(proxiesFrom({ HTTPS_PROXY: proxy, NO_PROXY: '*' })).toMatchObject({ no: '*' })
    const others = { http_proxy: 'http://a:1', https_proxy: 'http://a:1' }
    expect(proxiesFrom({ ...others, all_proxy: proxy }).all).toBeUndefined()
  },
)
