import type { HttpResponse } from '../http/send-request.ts'
import { plainBody } from '../transfer/decoding.ts'

/** Characters: what is said of a failure stays one line. */
const LONGEST = 200

/**
 * What an answer says of a failure, as one short line; empty where it says nothing. Sources: distribution-spec, error codes
 * (`errors`); S3 (`Code`, `Message`); RFC 6749, 5.2 (`error`, `error_description`); `details` is Docker Hub's, `message` GitLab's and Quay's. Of a page
 * for people its title.
 */
export function registryWords(response: Pick<HttpResponse, 'headers' | 'body'>): string {
  if (isWebPage(response)) return ['a web page', pageTitle(response)].filter(Boolean).join(': ')
  const text = plainBody(response).toString('utf8')
  if (isStorageError(text)) return oneLine([tagIn(text, 'Code'), tagIn(text, 'Message')].filter(Boolean).join(': '))
  const said = parse(text)
  const first = firstError(said)
  const parts = first.code || first.message ? [first.code, first.message, first.detail] : flatWords(said)
  const words = parts.filter((part) => typeof part === 'string' && part !== '')
  return oneLine([...new Set(words)].join(': '))
}

/**
 * What an answer says besides its words, as data: of which part, in which place. It may hold any name, so nothing is to be
 * read out of it; empty where there is none.
 */
export function registryDetail({ headers, body }: Pick<HttpResponse, 'headers' | 'body'>): string {
  const { detail } = firstError(parse(plainBody({ headers, body }).toString('utf8')))
  if (!isTable(detail) || Object.keys(detail).length === 0) return ''
  return oneLine(
    JSON.stringify(detail)
      .replace(/["{}[\]]+/g, ' ')
      .replace(/ ?([:,]) ?/g, '$1 '),
  )
}

function firstError({ errors }: Record<string, unknown>): Record<string, unknown> {
  const [first] = Array.isArray(errors) ? errors : []
  return isTable(first) ? first : {}
}

function oneLine(text: string): string {
  return text
    .replace(/(https?:\/\/[^\s?]+)\?\S*/g, '$1') // what signs a link is a secret
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, LONGEST)
}

/** What a page for people is called; empty where it does not say. */
export function pageTitle(response: Pick<HttpResponse, 'headers' | 'body'>): string {
  return oneLine(/<title[^>]*>([^<]+)/i.exec(plainBody(response).toString('utf8'))?.[1] ?? '')
}

function flatWords({ error, error_description, details, message }: Record<string, unknown>): unknown[] {
  const detail = error_description ?? details ?? message
  return error === detail ? [error] : [error, detail]
}

/** Whether a page for people came instead: of a login, or of a proxy. */
export function isWebPage(response: Pick<HttpResponse, 'headers' | 'body'>): boolean {
  const type = String(response.headers['content-type'] ?? '')
  return /^text\/html\b/i.test(type) || /^\s*<(?:!doctype html|html)\b/i.test(startOf(plainBody(response)))
}

function startOf(body: Buffer): string {
  return body.subarray(0, 200).toString('latin1')
}

/** Whether a registry says so, in the form that the specification gives its errors. */
export function isOfRegistry(response: Pick<HttpResponse, 'headers' | 'body'>): boolean {
  return Array.isArray(parse(plainBody(response).toString('utf8')).errors)
}

/** In the form of S3, which storage of Azure and Google has too. Source: Amazon S3 API, error responses. */
function isStorageError(text: string): boolean {
  return /^\W*(?:<\?xml[^>]*>\s*)?<Error[\s>]/.test(text.slice(0, 500))
}

/** Nothing else is quoted: the rest may repeat the link and what signs it. */
function tagIn(text: string, tag: string): string {
  return new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(text)?.[1]?.trim() ?? ''
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return isTable(value) ? value : {}
  } catch {
    return {}
  }
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
