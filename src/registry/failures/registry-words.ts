import type { HttpResponse } from '../http/send-request.ts'

/** Characters: what is said of a failure stays one line. */
const LONGEST = 200

/**
 * What an answer says of a failure, as one short line; empty where it says nothing. Sources: distribution-spec, error codes
 * (`errors`); RFC 6749, 5.2 (`error`, `error_description`); `details` is Docker Hub's, `message` GitLab's and Quay's.
 */
export function registryWords({ body }: Pick<HttpResponse, 'body'>): string {
  const said = parse(body)
  const [first = {}] = Array.isArray(said.errors) ? said.errors : []
  const parts = isTable(first) && (first.code || first.message) ? [first.code, first.message] : flatWords(said)
  return parts
    .filter((part) => typeof part === 'string')
    .join(': ')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, LONGEST)
}

function flatWords({ error, error_description, details, message }: Record<string, unknown>): unknown[] {
  const detail = error_description ?? details ?? message
  return error === detail ? [error] : [error, detail]
}

/** Whether a page for people came instead: of a login, or of a proxy. */
export function isWebPage({ headers, body }: Pick<HttpResponse, 'headers' | 'body'>): boolean {
  return (
    /^text\/html\b/i.test(String(headers['content-type'] ?? '')) || /^\s*<(?:!doctype html|html)\b/i.test(startOf(body))
  )
}

function startOf(body: Buffer): string {
  return body.subarray(0, 200).toString('latin1')
}

function parse(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return isTable(value) ? value : {}
  } catch {
    return {}
  }
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
