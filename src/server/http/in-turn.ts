import type { Socket } from 'node:net'

/** Requests that may wait on one connection; real clients send the next one when they have their answer. */
const MAX_WAITING = 32

const queues = new WeakMap<Socket, { waiting: number; last: Promise<unknown> }>()

/**
 * Answers the requests of one connection one after the other, as they must be sent: all at once, a thousand that come
 * together would hold a thousand answers. Who lets more wait is cut off.
 */
export function inTurn(socket: Socket, answer: () => Promise<void>): void {
  const queue = queues.get(socket) ?? { waiting: 0, last: Promise.resolve() }
  queues.set(socket, queue)
  if (queue.waiting >= MAX_WAITING) {
    socket.destroy()
    return
  }
  queue.waiting++
  queue.last = queue.last.then(async () => {
    if (!socket.destroyed) await answer()
    queue.waiting--
  })
}
