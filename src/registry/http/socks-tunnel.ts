import { connect, type Socket } from 'node:net'
import { ProxyError } from './proxy.ts'

/** What a SOCKS server says of a connection that it does not make. Source: RFC 1928, 6. */
const REPLIES: Record<number, string> = {
  1: 'it failed',
  2: 'its rules do not allow it',
  3: 'the network is not reached',
  4: 'the host is not reached',
  5: 'nothing listens there',
  6: 'it took too long',
}
const [VERSION, NO_AUTHENTICATION, PASSWORD, CONNECT, NAME] = [5, 0, 2, 1, 3]

/**
 * A connection through a SOCKS5 proxy, which looks the name up. Sources: RFC 1928; RFC 1929 for a user and a password.
 *
 * @throws ProxyError
 */
export async function openSocksTunnel(
  proxy: URL,
  target: { readonly hostname: string; readonly port: number },
  timeout: number,
): Promise<Socket> {
  const socket = connect({ host: proxy.hostname.replace(/^\[|\]$/g, ''), port: Number(proxy.port || 1080) })
  const timer = setTimeout(() => socket.destroy(new Error('no answer')), timeout)
  try {
    await introduce(socket, proxy)
    await askFor(socket, proxy, target)
    return socket
  } catch (error) {
    socket.destroy()
    throw error instanceof ProxyError ? error : new ProxyError(proxy.host, undefined, error as Error)
  } finally {
    clearTimeout(timer)
  }
}

async function introduce(socket: Socket, proxy: URL): Promise<void> {
  const [user, password] = [proxy.username, proxy.password].map((text) => Buffer.from(decodeURIComponent(text)))
  const methods = user?.length ? [NO_AUTHENTICATION, PASSWORD] : [NO_AUTHENTICATION]
  socket.write(Buffer.from([VERSION, methods.length, ...methods]))
  const [version, method] = await read(socket, 2)
  if (version !== VERSION) throw new Error('it does not speak SOCKS5')
  if (method === NO_AUTHENTICATION) return
  const refused = new ProxyError(proxy.host, 407, new Error('SOCKS5'))
  if (method !== PASSWORD || !user?.length || !password) throw refused
  socket.write(Buffer.concat([Buffer.from([1, user.length]), user, Buffer.from([password.length]), password]))
  const [, status] = await read(socket, 2)
  if (status !== 0) throw refused
}

async function askFor(
  socket: Socket,
  proxy: URL,
  { hostname, port }: { readonly hostname: string; readonly port: number },
): Promise<void> {
  const name = Buffer.from(hostname.replace(/^\[|\]$/g, ''))
  const end = Buffer.from([port >> 8, port & 255])
  socket.write(Buffer.concat([Buffer.from([VERSION, CONNECT, 0, NAME, name.length]), name, end]))
  const [, reply = 1, , kind] = await read(socket, 4)
  if (reply !== 0) throw new ProxyError(proxy.host, undefined, new Error(REPLIES[reply] ?? `it says ${reply}`))
  // Where the proxy connects from: of no use here, but read it must be.
  const length = kind === NAME ? (await read(socket, 1))[0]! : kind === 4 ? 16 : 4
  await read(socket, length + 2)
}

/** So many bytes, and none of what follows them. */
async function read(socket: Socket, count: number): Promise<Buffer> {
  for (;;) {
    const bytes: Buffer | null = socket.read(count)
    if (bytes?.length === count) return bytes
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
