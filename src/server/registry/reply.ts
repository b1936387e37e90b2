import type { BlobSlice } from './content.ts'

/** An HTTP answer as a value: what the rules of the distribution-spec decide, before any byte is sent. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Read only when it is sent. `Content-Length` is among the headers. */
  readonly body?: Uint8Array | BlobSlice
  /** Called once when the body has been sent, or will not be. */
  readonly release?: () => void
}

/** Error codes of the distribution-spec that a read-only registry has a use for, and the status of each. */
const STATUS = {
  BLOB_UNKNOWN: 404,
  DENIED: 403,
  DIGEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  TOOMANYREQUESTS: 429,
  UNAUTHORIZED: 401,
  UNKNOWN: 500,
  UNSUPPORTED: 405,
} as const

export type SpecErrorCode = keyof typeof STATUS

/** Source: distribution-spec 1.1, "Error Codes". */
export function refusal(
  code: SpecErrorCode,
  message: string,
  { status = STATUS[code], headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): Reply {
  return json(status, { errors: [{ code, message }] }, headers)
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): Reply {
  const body = Buffer.from(`${JSON.stringify(value)}\n`)
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers, 'content-length': `${body.length}` },
    body,
  }
}
