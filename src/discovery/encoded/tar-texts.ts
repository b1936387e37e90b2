const BLOCK = 512
const MANIFEST = /\.(?:ya?ml|json|sh)$/i
const FILES: ReadonlySet<string> = new Set(['0', '\0', ''])

/** Whether bytes begin as a tar does. Source: POSIX.1-2017, pax, "ustar Interchange Format". */
export function isTar(bytes: Uint8Array): boolean {
  return bytes.length >= BLOCK && Buffer.from(bytes.subarray(257, 262)).toString('latin1') === 'ustar'
}

/** The manifests and scripts of a tar, one behind the other; or that it is broken. */
export function manifestsInTar(tar: Uint8Array): { bytes?: Uint8Array; why?: string } {
  const bytes = Buffer.from(tar.buffer, tar.byteOffset, tar.byteLength)
  const texts: Buffer[] = []
  let at = 0
  while (at + BLOCK <= bytes.length && bytes[at] !== 0) {
    const field = (from: number, length: number) =>
      bytes.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '')
    const size = Number.parseInt(field(124, 12).trim() || '0', 8)
    const end = at + BLOCK + size
    if (!isTar(bytes.subarray(at)) || !Number.isInteger(size) || size < 0 || end > bytes.length) {
      return { why: 'cannot be unpacked: its tar is broken' }
    }
    if (FILES.has(field(156, 1)) && MANIFEST.test(field(0, 100))) texts.push(bytes.subarray(at + BLOCK, end))
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return { bytes: Buffer.concat(texts.flatMap((text) => [text, Buffer.from('\n---\n')])) }
}
