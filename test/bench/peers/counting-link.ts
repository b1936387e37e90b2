import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a host on this machine that counts what comes over it. */
export interface CountingLink {
  readonly host: string
  /** Bytes that came from the host so far. */
  readonly received: number
  stop(): void
}

export async function startCountingLink(host: string): Promise<CountingLink> {
  const sockets = new Set<Socket>()
  let received = 0
  const server = createServer((near) => {
    const far = connect(Number(host.split(':')[1]), '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
    }
    near.on('close', () => far.destroy())
    far.on('data', (chunk: Buffer) => {
      received += chunk.length
    })
    near.pipe(far)
    far.pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get received() {
      return received
    },
    stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
