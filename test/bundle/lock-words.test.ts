import { expect, test } from 'vitest'
import { type Lock, type LockedImage, parseLock } from '../../src/bundle/format/lock.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { lockImage } from '../support/image-maker.ts'

const target = { mediaType: OCI_MANIFEST, digest: digestOf('a'), size: 1 }
const image = lockImage('docker.io/library/app', '1', target, [])

/** Where a lock says a text that is printed in one line. */
const PLACES: Record<string, (text: string) => Partial<Lock>> = {
  reference: (text) => ({ images: [{ ...image, reference: text }] }),
  names: (text) => ({ images: [{ ...image, names: [text] }] }),
  missing: (text) => ({ images: [], missing: [{ reference: text, why: 'not there' }] }),
  tag: (text) => ({ images: [{ ...image, attachments: [{ subject: target.digest, tag: text, target, blobs: [] }] }] }),
  architecture: (text) => ({ images: [onPlatform({ os: 'linux', architecture: text })] }),
  mediaType: (text) => ({ images: [{ ...image, target: { ...target, mediaType: text } }] }),
  os: (text) => ({ images: [onPlatform({ os: text, architecture: 'amd64' })] }),
}

function onPlatform(platform: { os: string; architecture: string }): LockedImage {
  return { ...image, platforms: [{ platform, manifest: target, config: target, layers: [] }] }
}

const FORGED = [
  'app:1\nevery byte is as its digest says',
  'a\r',
  'a\u001b[2K',
  'a b',
  'a\u2028b',
  'a\u202Eb',
  '\u0000',
  'a\t',
]

test('what a lock says of an image cannot pass for another line', () => {
  for (const [place, lockWith] of Object.entries(PLACES)) {
    const parse = (text: string) => parseLock({ version: 1, ...lockWith(text) }, 'x.lock')
    expect(() => parse('word')).not.toThrow()
    for (const text of FORGED) {
      expect(() => parse(text), place).toThrow(
        /^x\.lock, .*holds a space, a line end or a sign that is not shown: "[^\n]*"$/,
      )
    }
  }
})

test('nor can why an image is missing, which is a sentence', () => {
  const parse = (why: string) => parseLock({ version: 1, images: [], missing: [{ reference: 'a:1', why }] }, 'x.lock')
  expect(() => parse('the registry says "gone" [MANIFEST_UNKNOWN]')).not.toThrow()
  for (const text of FORGED.filter((forged) => forged !== 'a b')) {
    expect(() => parse(text), text).toThrow(/^x\.lock, .*holds a line end or a sign that is not shown: "[^\n]*"$/)
  }
})
