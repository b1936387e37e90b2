import { gunzipSync } from 'node:zlib'

/** What the API server takes of a resource is below this, before base64; a larger value is in no cluster. */
const MAX_ENCODED = 1_500_000
/** What a compressed text may become. */
const MAX_TEXT = 8_000_000

const UTF8 = new TextDecoder('utf-8', { fatal: true })
const GZIP_IN_BASE64 = /^H4sI[\w+/=\s-]+$/
const DATA_URL = /^data:([^,;]{0,200})((?:;[^,;]{0,200}){0,9}),/i

/** Encodings of files of a node, as cloud-init and what makes its configuration name them. */
const ENCODINGS: ReadonlySet<string> = new Set('base64 b64 gzip gz gzip+base64 gzip+b64 gz+base64 gz+b64'.split(' '))

/** The text that stands in base64, also where it is compressed; undefined of what is no text, or is too large. */
export function textInBase64(value: string): string | undefined {
  return value.length > MAX_ENCODED ? undefined : textOf(Buffer.from(value, 'base64'))
}

/** The text of a `data:` address; undefined of a picture, and of what is no text. */
export function textInDataUrl(value: string): string | undefined {
  const [start, type = '', parameters = ''] = DATA_URL.exec(value) ?? []
  if (start === undefined || value.length > MAX_ENCODED || /^(?:image|font|audio|video)\//i.test(type)) return undefined
  const payload = value.slice(start.length)
  if (/;base64$/i.test(parameters)) return textInBase64(decoded(payload))
  return textOf(Buffer.from(decoded(payload), 'latin1'))
}

/** The text of a file that says how its content is encoded: `{path, encoding: gzip+base64, content}`. */
export function textOfFile({ encoding, content }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof encoding !== 'string' || typeof content !== 'string' || !ENCODINGS.has(encoding)) return undefined
  return textInBase64(content)
}

function textOf(bytes: Buffer): string | undefined {
  try {
    const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, { maxOutputLength: MAX_TEXT }) : bytes
    const text = UTF8.decode(plain)
    // A release of helm is encoded twice.
    return GZIP_IN_BASE64.test(text) && bytes === plain ? textOf(Buffer.from(text, 'base64')) : text
  } catch {
    return undefined
  }
}

/** Bytes behind percent signs, each as one character. */
function decoded(text: string): string {
  const bytes = Buffer.from(text, 'utf8').toString('latin1')
  return bytes.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
