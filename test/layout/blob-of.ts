import { digestOf } from '../../src/oci/digest.ts'

/** Bytes as a blob of some content, handed out in chunks. */
export function blobOf(bytes: Buffer, chunk = 1 << 20) {
  return {
    digest: digestOf(bytes),
    size: bytes.length,
    path: 'layer',
    async *open() {
      for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk)
    },
  }
}
