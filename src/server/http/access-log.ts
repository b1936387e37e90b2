import type { AnsweredRequest } from './metrics.ts'

/** One line for one answered request. What the client wrote is quoted: it can hold anything. */
export function logLine(exchange: AnsweredRequest, time: Date): string {
  const { client, method, url, userAgent, status, bytes, milliseconds, aborted } = exchange
  const cost = `${bytes}B ${milliseconds.toFixed(1)}ms${aborted ? ' aborted' : ''}`
  return `${time.toISOString()} ${client} ${method} ${JSON.stringify(url)} ${status} ${cost} ${JSON.stringify(userAgent)}`
}
