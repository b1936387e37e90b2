import type { HttpRequest, HttpResponse } from '../http/send-request.ts'
import { plainBody } from '../transfer/decoding.ts'

/** Words of a refusal that repeat what we showed: some servers, and proxies before them, echo requests. */
const SHOWN = /\b(Bearer|Basic|Negotiate)\s+[\w.~+/=-]{4,}/gi

/** A refusal, as it was before a proxy encoded it, whose words hold nothing of what was sent in these headers, nor of the other secrets. */
export function withoutSecrets(
  response: HttpResponse,
  sent: HttpRequest['headers'],
  others: readonly string[] = [],
): HttpResponse {
  if (response.status < 400 || response.body.length === 0) return response
  let text = plainBody(response).toString('utf8')
  for (const secret of longestFirst([...secretsIn(sent), ...others])) text = text.replaceAll(secret, '***')
  const { 'content-encoding': _coding, ...headers } = response.headers
  return { ...response, headers, body: Buffer.from(text.replace(SHOWN, '$1 ***')) }
}

function secretsIn(headers: HttpRequest['headers']): string[] {
  const values = Object.values(headers).flat()
  return values.flatMap((value) => {
    const [, scheme = '', credentials = ''] = /^(\w+)\s+(.+)$/.exec(value) ?? []
    const plain = scheme.toLowerCase() === 'basic' ? Buffer.from(credentials, 'base64').toString('utf8') : ''
    return [value, credentials, plain, plain.slice(plain.indexOf(':') + 1)]
  })
}

/** What is part of another is gone with it. What is too short to be a secret stands everywhere. */
function longestFirst(secrets: readonly string[]): string[] {
  return secrets.filter(({ length }) => length >= 4).sort((a, b) => b.length - a.length)
}
