import type { Descriptor } from './oci/descriptor.ts'
import type { Platform } from './oci/platform.ts'

/** What fixes every reference to a digest: written by `lock`, carried inside each bundle. */
export interface Lock {
  readonly version: 1
  readonly images: readonly LockedImage[]
}

/** One image under all the names that a runtime must find it by. */
export interface LockedImage {
  /** As it was asked for, complete: domain and path, with the tag and the digest that it had. */
  readonly reference: string
  /** CRI forms, sorted: `domain/path:tag` where there is a tag, and always `domain/path@digest`. */
  readonly names: readonly string[]
  /** What the registry serves under that reference: an index, or a single manifest. */
  readonly target: Descriptor
  /** One entry for each platform that the bundle holds. */
  readonly platforms: readonly LockedPlatform[]
}

export interface LockedPlatform {
  readonly platform: Platform
  readonly manifest: Descriptor
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
}
