import type { Node } from 'kubernetes-types/core/v1.js'
import { findReference, type Reference } from '../../oci/reference.ts'

/** `pause`, `mirrored-pause`, `pause-amd64`: the last part of the path, as every distribution names it. */
const PAUSE = /(?:^|[/-])pause(?:-(?:amd64|arm64|arm|ppc64le|s390x|riscv64))?$/

/**
 * The sandbox image that a node reports to hold, by tag: every pod runs on it, so a pod can also run *it*. Undefined
 * when it is not among the node's images; the kubelet reports the 50 largest, and this is the smallest of all.
 */
export function sandboxImageOf({ status }: Node): string | undefined {
  const names = status?.images?.flatMap(({ names }) => names ?? []) ?? []
  return names
    .filter((name) => isSandboxImage(findReference(name)))
    .sort(byVersion)
    .at(-1)
}

function isSandboxImage(reference: Reference | undefined): boolean {
  return reference?.tag !== undefined && reference.digest === undefined && PAUSE.test(reference.path)
}

const VERSIONS = new Intl.Collator('en', { numeric: true })

function byVersion(a: string, b: string): number {
  return VERSIONS.compare(a.slice(a.lastIndexOf(':')), b.slice(b.lastIndexOf(':'))) || VERSIONS.compare(a, b)
}
