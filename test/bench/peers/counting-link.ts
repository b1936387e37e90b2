import { type LocalLink, startLocalLink } from '../local-link.ts'

/** A way to a host on this machine that counts what comes over it. */
export interface CountingLink extends LocalLink {
  /** Bytes that came from the host so far. */
  readonly received: number
}

export async function startCountingLink(host: string): Promise<CountingLink> {
  let received = 0
  const link = await startLocalLink(host, (near, far) => {
    far.on('data', (chunk: Buffer) => {
      received += chunk.length
    })
    near.pipe(far)
    far.pipe(near)
  })
  return {
    ...link,
    get received() {
      return received
    },
  }
}
