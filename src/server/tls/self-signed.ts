import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import type { ServerKeyPair } from '../http/listen.ts'
import {
  bitString,
  boolean,
  context,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  time,
  utf8String,
} from './der.ts'

const ECDSA_WITH_SHA256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'))
const COMMON_NAME = '2.5.4.3'
const DAYS_VALID = 825
const DAY = 24 * 60 * 60 * 1000

/**
 * A new P-256 key and a certificate for these host names and addresses that signs itself, so that a client can be given
 * it as its CA. Names that no certificate can hold are left out. Node makes keys and signatures but no certificates; the thirty lines of DER here do.
 * Source: RFC 5280.
 */
export function selfSignedCertificate(
  names: readonly string[],
  now: Date,
  { serial = randomBytes(16) }: { serial?: Uint8Array } = {},
): ServerKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const name = sequence(setOf(sequence(objectIdentifier(COMMON_NAME), utf8String('nodeseed serve'))))
  const certificate = sequence(
    context(0, 'constructed', integer(Buffer.from([2]))), // version 3
    integer(positive(serial)),
    ECDSA_WITH_SHA256,
    name,
    // A clock on a disconnected node may well be a day late.
    sequence(time(new Date(now.getTime() - DAY)), time(new Date(now.getTime() + DAYS_VALID * DAY))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    context(3, 'constructed', sequence(...extensions(names))),
  )
  const signature = sign('sha256', certificate, privateKey)
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pem(sequence(certificate, ECDSA_WITH_SHA256, bitString(signature))),
  }
}

/** RFC 5280, 4.1.2.2 wants more than zero, and at most 20 bytes with the sign. */
function positive(serial: Uint8Array): Uint8Array {
  return Buffer.from([1, ...serial.subarray(0, 19)])
}

function extensions(names: readonly string[]): Buffer[] {
  const basicConstraints = sequence(boolean(true)) // a CA, so that it can be its own issuer
  const keyUsage = bitString(Buffer.from([0b1000_0100]), 2) // digitalSignature, keyCertSign
  const serverAuthentication = sequence(objectIdentifier('1.3.6.1.5.5.7.3.1'))
  return [
    sequence(objectIdentifier('2.5.29.19'), boolean(true), octetString(basicConstraints)),
    sequence(objectIdentifier('2.5.29.15'), boolean(true), octetString(keyUsage)),
    sequence(objectIdentifier('2.5.29.37'), octetString(serverAuthentication)),
    sequence(objectIdentifier('2.5.29.17'), octetString(sequence(...names.flatMap(alternativeName)))),
  ]
}

function alternativeName(name: string): Buffer[] {
  const version = isIP(name)
  if (version === 0) return hostName(name)
  return [context(7, 'primitive', version === 4 ? Buffer.from(name.split('.').map(Number)) : ipv6Bytes(name))]
}

/** As names are on the wire: ASCII, those of other languages encoded. A kernel takes anything for its host name. */
function hostName(name: string): Buffer[] {
  const ascii = domainToASCII(name)
  const isName = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i.test(ascii) && ascii.length <= 253 && isIP(ascii) === 0
  return isName ? [context(2, 'primitive', Buffer.from(ascii))] : []
}

function ipv6Bytes(address: string): Buffer {
  // The URL parser knows every way to write an address and leaves one.
  const { hostname } = new URL(`http://[${address}]`)
  const [left = [], right = []] = hostname
    .slice(1, -1)
    .split('::')
    .map((half) => half.split(':').filter(Boolean))
  const zeros = Array<string>(8 - left.length - right.length).fill('0')
  return Buffer.from([...left, ...zeros, ...right].map((group) => group.padStart(4, '0')).join(''), 'hex')
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
