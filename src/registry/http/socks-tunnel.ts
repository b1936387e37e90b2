import { lookup as lookUp } from 'node:dns/promises'
import { connect, isIP, type Socket } from 'node:net'
import { bytesOf } from './address-guard.ts'
import { ProxyError } from './proxy.ts'

/** What a SOCKS server says of a connection that it does not make. Source: RFC 1928, 6. */
const REPLIES: Record<number, string> = {
  1: 'it failed',
  2: 'its rules do not allow it',
  3: 'the network is not reached',
  4: 'the host is not reached',
  5: 'nothing listens there',
  6: 'it took too long',
  8: 'it takes no such address',
}
/** It may only not have found the name: `it failed`, the host is not reached, it takes no names. */
const WITHOUT_NAME = new Set([1, 4, 8])
const [VERSION, NO_AUTHENTICATION, PASSWORD, CONNECT] = [5, 0, 2, 1]
const [IPV4, NAME, IPV6] = [1, 3, 4]

interface Target {
  readonly hostname: string
  readonly port: number
}

/**
 * A connection through a SOCKS5 proxy, which looks the name up; of `socks5`, and not of `socks5h`, this machine does where
 * the proxy cannot. Sources: RFC 1928; RFC 1929 for a user and a password.
 *
 * @throws ProxyError
 */
export async function openSocksTunnel(
  proxy: URL,
  { hostname, port }: Target,
  options: { readonly timeout: number; readonly signal?: AbortSignal | undefined },
): Promise<Socket> {
  const target = { hostname: hostname.replace(/^\[|\]$/g, ''), port }
  try {
    return await connectThrough(proxy, target, options)
  } catch (error) {
    const mayLookUp = proxy.protocol === 'socks5:' && !isIP(target.hostname)
    if (!mayLookUp || !(error instanceof UnknownName)) throw error
    const found = await lookUp(target.hostname).catch(() => undefined)
    if (!found) throw error
    return connectThrough(proxy, { hostname: found.address, port }, options)
  }
}

/** The proxy makes no connection, perhaps for not knowing the name. */
class UnknownName extends ProxyError {}

async function connectThrough(
  proxy: URL,
  target: Target,
  { timeout, signal }: { readonly timeout: number; readonly signal?: AbortSignal | undefined },
): Promise<Socket> {
  const socket = connect({
    host: proxy.hostname.replace(/^\[|\]$/g, ''),
    port: Number(proxy.port || 1080),
    ...(signal && { signal }),
  })
  const timer = setTimeout(() => socket.destroy(new Error('no answer')), timeout)
  try {
    await introduce(socket, proxy)
    await askFor(socket, proxy, target)
    return socket
  } catch (error) {
    socket.destroy()
    throw error instanceof ProxyError ? error : new ProxyError(proxy.host, { cause: error as Error })
  } finally {
    clearTimeout(timer)
  }
}

async function introduce(socket: Socket, proxy: URL): Promise<void> {
  const [user, password] = [proxy.username, proxy.password].map((text) => Buffer.from(decodeURIComponent(text)))
  const methods = user?.length ? [NO_AUTHENTICATION, PASSWORD] : [NO_AUTHENTICATION]
  socket.write(Buffer.from([VERSION, methods.length, ...methods]))
  const [version, method] = await read(socket, 2)
  if (version !== VERSION) throw new ProxyError(proxy.host, { reason: 'it does not speak SOCKS5' })
  if (method === NO_AUTHENTICATION) return
  const refused = new ProxyError(proxy.host, { status: 407 })
  if (method !== PASSWORD || !user?.length || !password) throw refused
  socket.write(Buffer.concat([Buffer.from([1, user.length]), user, Buffer.from([password.length]), password]))
  const [, status] = await read(socket, 2)
  if (status !== 0) throw refused
}

async function askFor(socket: Socket, proxy: URL, { hostname, port }: Target): Promise<void> {
  const end = Buffer.from([port >> 8, port & 255])
  socket.write(Buffer.concat([Buffer.from([VERSION, CONNECT, 0]), addressOf(hostname), end]))
  const [, reply = 1, , kind] = await read(socket, 4)
  if (reply !== 0) {
    const Failure = WITHOUT_NAME.has(reply) ? UnknownName : ProxyError
    throw new Failure(proxy.host, { reason: REPLIES[reply] ?? `it says ${reply}` })
  }
  // Where the proxy connects from: of no use here, but read it must be.
  const length = kind === NAME ? (await read(socket, 1))[0]! : kind === IPV6 ? 16 : 4
  await read(socket, length + 2)
}

/** The kind of an address, and the address. */
function addressOf(host: string): Buffer {
  const family = isIP(host)
  if (family === 0) return Buffer.concat([Buffer.from([NAME, Buffer.byteLength(host)]), Buffer.from(host)])
  return family === 4 ? Buffer.from([IPV4, ...host.split('.').map(Number)]) : Buffer.from([IPV6, ...bytesOf(host)])
}

/** So many bytes, and none of what follows them. */
async function read(socket: Socket, count: number): Promise<Buffer> {
  let bytes = Buffer.alloc(0)
  for (;;) {
    const more: Buffer | null = socket.read()
    if (more) bytes = Buffer.concat([bytes, more])
    if (bytes.length >= count) {
      if (bytes.length > count) socket.unshift(bytes.subarray(count))
      return bytes.subarray(0, count)
    }
    if (socket.destroyed || socket.readableEnded) throw socket.errored ?? new Error('it closed the connection')
    await new Promise<void>((resolve) => {
      const done = () => {
        for (const event of EVENTS) socket.off(event, done)
        resolve()
      }
      for (const event of EVENTS) socket.once(event, done)
    })
  }
}

const EVENTS = ['readable', 'end', 'error', 'close'] as const
