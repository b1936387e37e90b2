import type { GeneratedFile } from './generated-file.ts'

/**
 * `kubectl apply` keeps each object in an annotation of itself, and the API server takes 256 KiB of annotations. The
 * annotation is JSON, as is what is measured here.
 */
const MAX_APPLIED_BYTES = 250_000

/** How a directory of these files is applied: by the API server itself where kubectl's way has no room. */
export function applyCommand(files: readonly GeneratedFile[]): string {
  const isLarge = files.some(({ content }) => Buffer.byteLength(JSON.stringify(content)) > MAX_APPLIED_BYTES)
  return isLarge ? 'kubectl apply --server-side -k' : 'kubectl apply -k'
}
