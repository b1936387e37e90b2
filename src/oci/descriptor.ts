import type { Digest } from './digest.ts'
import type { Platform } from './platform.ts'

/** Content, named by type, digest and size in bytes. Source: image-spec 1.1, descriptor.md. */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  readonly size: number
  readonly platform?: Platform
  readonly annotations?: Readonly<Record<string, string>>
  readonly urls?: readonly string[]
  readonly artifactType?: string
}

/** Only what names the content: annotations of an index entry belong to the index. */
export function plainDescriptor({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType, digest, size }
}
