import { createHash, timingSafeEqual } from 'node:crypto'
import { ExpectedError } from '../../errors.ts'

const HINT = 'Write one user:password a line; lines that begin with # are left out.'

/** Says whether an `Authorization` header is one of the known ones. */
export type Authorize = (header: string | undefined) => boolean

/**
 * Reads `user:password` lines; blank lines and lines that begin with # are left out.
 *
 * @throws {ExpectedError} INPUT_INVALID naming the line, never what it holds.
 */
export function parseCredentials(text: string, file: string): Authorize {
  const accepted = text.split('\n').flatMap((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return []
    if (/^[^:\s][^:]*:.+$/.test(line.trim())) return [fingerprint(line.trim())]
    throw new ExpectedError('INPUT_INVALID', `${file}:${index + 1}: not a user:password line`, { hint: HINT })
  })
  if (accepted.length === 0)
    throw new ExpectedError('INPUT_INVALID', `${file}: holds no user:password line`, { hint: HINT })
  return (header) => {
    const [, encoded = ''] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? '') ?? []
    const given = fingerprint(Buffer.from(encoded, 'base64').toString())
    // Every one is compared, each in constant time, so that time tells nothing.
    return accepted.filter((known) => timingSafeEqual(known, given)).length > 0
  }
}

function fingerprint(credentials: string): Buffer {
  return createHash('sha256').update(credentials).digest()
}
