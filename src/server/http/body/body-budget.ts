import { type Reply, refusal } from '../../registry/reply.ts'

/** Lists of this size and below are always sent. */
const SMALL = 64 * 1024

/**
 * Bounds the memory of answers that are made as a whole, such as lists: readers that take nothing would hold as many as
 * they ask for. Who comes when it is used up is told to come again.
 */
export class BodyBudget {
  #left: number

  constructor(maxBytes = 64 * 1024 * 1024) {
    this.#left = maxBytes
  }

  /** The answer, which gives its bytes back when it is released; or another one that says to try again. */
  admit(reply: Reply): Reply {
    const { body, release } = reply
    if (!(body instanceof Uint8Array) || body.byteLength <= SMALL) return reply
    if (body.byteLength > this.#left) {
      release?.()
      const headers = { 'retry-after': '1' }
      return refusal('TOOMANYREQUESTS', 'too many large answers are on their way', { headers })
    }
    this.#left -= body.byteLength
    const giveBack = () => {
      this.#left += body.byteLength
      release?.()
    }
    return { ...reply, release: giveBack }
  }
}
