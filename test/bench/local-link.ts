import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a host on this machine, through which `join` passes what comes over each connection. */
export interface LocalLink {
  readonly host: string
  stop(): void
}

export async function startLocalLink(host: string, join: (near: Socket, far: Socket) => void): Promise<LocalLink> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(host.split(':')[1]), '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
    }
    near.on('close', () => far.destroy())
    join(near, far)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
