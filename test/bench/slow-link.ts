import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type LocalLink, startLocalLink } from './local-link.ts'

/**
 * A link to a host on this machine: every connection takes `latency` milliseconds to open and for each first answer to
 * a request, and brings `bytesPerSecond`.
 */
export function startSlowLink(
  host: string,
  { latency, bytesPerSecond }: { latency: number; bytesPerSecond: number },
): Promise<LocalLink> {
  return startLocalLink(host, (near, far) => {
    near.on('data', (chunk) => setTimeout(() => far.write(chunk), latency / 2))
    pour(far, near, latency / 2, bytesPerSecond).catch(() => near.destroy())
  })
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
