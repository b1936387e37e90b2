import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * A link to a host on this machine: every connection takes `latency` milliseconds to open and for each first answer to
 * a request, and brings `bytesPerSecond`.
 */
export async function startSlowLink(
  host: string,
  { latency, bytesPerSecond }: { latency: number; bytesPerSecond: number },
): Promise<{ host: string; stop(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(host.split(':')[1]), '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
    }
    near.on('close', () => far.destroy())
    near.on('data', (chunk) => setTimeout(() => far.write(chunk), latency / 2))
    pour(far, near, latency / 2, bytesPerSecond).catch(() => near.destroy())
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

/** Passes bytes on at a rate; a pause in the stream costs the latency once more. */
async function pour(from: Socket, to: Socket, latency: number, bytesPerSecond: number): Promise<void> {
  let free = performance.now()
  for await (const chunk of from as AsyncIterable<Buffer>) {
    const now = performance.now()
    if (free < now - 5) free = now + latency
    free += (chunk.length / bytesPerSecond) * 1000
    // Timers are coarse: a debt of a few milliseconds is paid at once.
    if (free - now > 4) await sleep(free - now)
    if (!to.write(chunk)) await new Promise((resolve) => to.once('drain', resolve))
  }
  to.end()
}
