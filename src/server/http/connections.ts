import type { Socket } from 'node:net'

/** Connections beyond these are refused, so that no client can take all file descriptors. */
export const MAX_CONNECTIONS = 4096
/** And so many of one address, so that none can keep all others away. */
const MAX_OF_ADDRESS = MAX_CONNECTIONS / 2

/** Counts the connections of each address, and ends those that are too many. */
export function limitPerAddress(limit = MAX_OF_ADDRESS): (socket: Socket) => void {
  const counts = new Map<string, number>()
  return (socket) => {
    const { remoteAddress } = socket
    if (remoteAddress === undefined) return
    const count = (counts.get(remoteAddress) ?? 0) + 1
    counts.set(remoteAddress, count)
    socket.once('close', () => {
      const left = (counts.get(remoteAddress) ?? 1) - 1
      if (left > 0) counts.set(remoteAddress, left)
      else counts.delete(remoteAddress)
    })
    if (count > limit) socket.destroy()
  }
}
