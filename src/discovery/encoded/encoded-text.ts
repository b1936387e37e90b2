import { unpacked } from './unpacked.ts'

/** What the API server takes of a resource is below this, before base64; a larger value is in no cluster. */
const MAX_ENCODED = 1_500_000

const UTF8 = new TextDecoder('utf-8', { fatal: true })
const GZIP_IN_BASE64 = /^H4sI[\w+/=\s-]+$/
const DATA_URL = /^data:([^,;]{0,200})((?:;[^,;]{0,200}){0,9}),/i

/** Encodings of files of a node, as cloud-init and what makes its configuration name them. */
const ENCODINGS: ReadonlySet<string> = new Set('base64 b64 gzip gz gzip+base64 gzip+b64 gz+base64 gz+b64'.split(' '))

/** Words for a text that is not encoded. */
const AS_IT_IS = /^(?:utf-?8|us-?ascii|iso-8859-1|ascii|plain|text|none|identity|raw|json|ya?ml)$/i

/** The text that stands in a value, or why what may be one cannot be read; neither for what is no text. */
export interface EncodedText {
  readonly text?: string
  readonly why?: string
}

const NOTHING: EncodedText = {}

/** What stands in base64, also where it is compressed. */
export function decodeBase64(value: string): EncodedText {
  if (value.length > MAX_ENCODED) return { why: 'is larger than anything that a cluster keeps' }
  return textOf(Buffer.from(value, 'base64'))
}

/** What stands behind a `data:` address; nothing of a picture. */
export function decodeDataUrl(value: string): EncodedText {
  const [start, type = '', parameters = ''] = DATA_URL.exec(value) ?? []
  if (start === undefined || /^(?:image|font|audio|video)\//i.test(type)) return NOTHING
  if (value.length > MAX_ENCODED) return { why: 'is larger than anything that a cluster keeps' }
  const payload = value.slice(start.length)
  if (/;base64$/i.test(parameters)) return decodeBase64(decoded(payload))
  return textOf(Buffer.from(decoded(payload), 'latin1'))
}

/** What stands in a file that says how its content is encoded: `{path, encoding: gzip+base64, content}`. */
export function decodeFile({ encoding, content }: Readonly<Record<string, unknown>>): EncodedText {
  if (typeof encoding !== 'string' || typeof content !== 'string' || encoding === '') return NOTHING
  if (ENCODINGS.has(encoding)) return decodeBase64(content)
  return /^[\w+.-]{1,40}$/.test(encoding) && !AS_IT_IS.test(encoding)
    ? { why: `is encoded as ${encoding}, which is not read` }
    : NOTHING
}

function textOf(bytes: Buffer): EncodedText {
  const plain = unpacked(bytes)
  if (plain.bytes === undefined) return plain
  try {
    const text = UTF8.decode(plain.bytes)
    // A release of helm is encoded twice.
    return GZIP_IN_BASE64.test(text) && bytes === plain.bytes ? textOf(Buffer.from(text, 'base64')) : { text }
  } catch {
    return NOTHING
  }
}

/** Bytes behind percent signs, each as one character. */
function decoded(text: string): string {
  const bytes = Buffer.from(text, 'utf8').toString('latin1')
  return bytes.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
