import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** One value of DER: a tag, and what it holds. */
function der(tag: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)))
  const { length } = body
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), body])
}

const SEQUENCE = 0x30
const sequence = (...parts: readonly (Buffer | string)[]) => der(SEQUENCE, ...parts)

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  const bytes = [40 * first + second, ...rest].flatMap((number) => {
    const groups = [number & 0x7f]
    for (let left = number >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80)
    return groups
  })
  return der(0x06, Buffer.from(bytes))
}

export interface KeyPair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export function ecKeys(): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

export const spki = (key: KeyObject) => key.export({ type: 'spki', format: 'der' })
export const pemOf = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString()

const nameOf = (text: string) => sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, text))))
const time = (date: Date) => der(0x18, `${date.toISOString().replaceAll(/[-:T]|\.\d+/g, '')}`)
const extension = (id: string, value: Buffer, critical = false) =>
  sequence(oid(id), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value))

/** What a certificate of a timestamp authority is for, and for nothing else. */
export const TIME_STAMPING = '1.3.6.1.5.5.7.3.8'

export interface CertificateOptions {
  readonly subject: string
  readonly issuer: string
  readonly key: KeyObject
  readonly by: KeyObject
  readonly from: Date
  readonly to: Date
  readonly isCa?: boolean
  /** What it says of who signs: a URI of the subject, and who told the authority so; bytes as they are. */
  readonly identity?: { readonly subject: string | Buffer; readonly issuer: string | Buffer }
  /** Of its use; signing code unless it is another. */
  readonly use?: string
}

/** A certificate in DER, signed with ECDSA and SHA-256. */
export function certificate({ subject, issuer, key, by, from, to, isCa, identity, use }: CertificateOptions): Buffer {
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'))
  const extensions = [
    ...(isCa
      ? [
          extension('2.5.29.19', sequence(der(0x01, Buffer.from([0xff]))), true),
          extension('2.5.29.15', der(0x03, Buffer.from([1, 0x06])), true),
        ]
      : [extension('2.5.29.37', sequence(oid(use ?? '1.3.6.1.5.5.7.3.3')), use === TIME_STAMPING)]),
    ...(identity
      ? [
          extension('2.5.29.17', sequence(der(0x86, identity.subject)), true),
          extension('1.3.6.1.4.1.57264.1.8', der(0x0c, identity.issuer)),
        ]
      : []),
  ]
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    algorithm,
    nameOf(issuer),
    sequence(time(from), time(to)),
    nameOf(subject),
    spki(key),
    der(0xa3, sequence(...extensions)),
  )
  const signature = sign('sha256', body, createPrivateKey(by.export({ type: 'pkcs8', format: 'pem' })))
  return sequence(body, algorithm, der(0x03, Buffer.from([0]), signature))
}

export function certificatePem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
