import type { OnReadOpts, Socket } from 'node:net'

/** A large read costs less than many small ones, and this much still fits a core's own cache. */
const SIZE = 256 * 1024
/** With less room than this left, a read would be too small. */
const ROOM = 64 * 1024

/**
 * Memory that one connection receives into, used over and over: whoever reads from the socket must be done with a chunk,
 * or have copied it, before control returns to the event loop. Without it every read takes fresh memory, which costs
 * more than all else that is done with the bytes but hashing, and piles up until it is collected.
 */
export function receiveMemory(): OnReadOpts {
  let current: Buffer = Buffer.allocUnsafeSlow(SIZE)
  let other: Buffer | undefined
  let filled = 0
  let unread = 0
  return {
    buffer() {
      if (filled + ROOM > SIZE) {
        // Bytes are read in order: what is not read yet lies in `current`, if `current` holds that many.
        const isOtherRead = unread <= filled
        const next = isOtherRead && other ? other : Buffer.allocUnsafeSlow(SIZE)
        other = current
        current = next
        filled = 0
      }
      return current.subarray(filled)
    },
    callback(this: Socket, count: number, memory: Uint8Array) {
      filled += count
      const wantsMore = this.push(memory.subarray(0, count))
      unread = this.readableLength
      return wantsMore
    },
  }
}
