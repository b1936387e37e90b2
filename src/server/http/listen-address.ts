import { hostname } from 'node:os'
import { ExpectedError } from '../../errors.ts'
import type { ListenAddress } from './listen.ts'

/** The first descriptor that a service manager passes on. Source: sd_listen_fds(3). */
const FIRST_PASSED_DESCRIPTOR = 3

/** The socket that systemd opened for this process, if it did. */
export function passedSocket(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
): ListenAddress | undefined {
  const { LISTEN_PID, LISTEN_FDS } = environment
  return Number(LISTEN_PID) === pid && Number(LISTEN_FDS) > 0 ? { fd: FIRST_PASSED_DESCRIPTOR } : undefined
}

/**
 * Reads `HOST:PORT`, `[IPV6]:PORT`, or `:PORT` for every interface.
 *
 * @throws {ExpectedError} USAGE
 */
export function parseListenAddress(text: string): ListenAddress {
  const [, bracketed, plain, digits = ''] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  const host = bracketed ?? plain
  if (digits && port <= 65535) return { port, ...(host && { host }) }
  throw new ExpectedError('USAGE', `not an address to listen on: ${JSON.stringify(text)}`, {
    hint: 'Write HOST:PORT, [IPV6]:PORT, or :PORT for every interface.',
  })
}

/** Whether only programs of this machine reach an address such as `127.0.0.1:5000`. */
export function isLoopback(address: string): boolean {
  return /^(?:127\.[\d.]+|\[::1\]|\[::ffff:127\.[\d.]+\]):\d+$/.test(address)
}

/** Where others reach an address: one that listens on every interface is reached under this machine's name. */
export function reachable(address: string): string {
  return address.replace(/^(?:\[::\]|0\.0\.0\.0):/, `${hostname()}:`)
}

/**
 * Reads how clients reach a server: `http://` or `https://`, a host, perhaps a port, and nothing behind. Runtimes of
 * nodes get it in their configuration.
 *
 * @throws {ExpectedError} USAGE, naming the flag.
 */
export function parseServerUrl(text: string, flag: string): string {
  const plain = text.replace(/\/$/, '')
  if (/^https?:\/\/[^/?#@\s"'`\\;]+$/.test(plain) && URL.canParse(plain)) return plain
  throw new ExpectedError('USAGE', `${flag}: not the address of a server: ${JSON.stringify(text)}`, {
    hint: `Write ${flag} http://HOST:PORT, or https://HOST:PORT.`,
  })
}
