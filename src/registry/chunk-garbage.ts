import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes of chunks between two collections. */
const INTERVAL = 8 << 20

let collect: (() => void) | undefined
let since = 0

/**
 * Counts chunks that have been used up, and has the youngest of them collected now and then. Their memory lies outside
 * of V8's heap, so V8 sees no reason to hurry and lets a hundred megabytes of them pile up.
 */
export function discardedChunk(bytes: number): void {
  since += bytes
  if (since < INTERVAL) return
  since = 0
  collect ??= minorCollection()
  collect()
}

function minorCollection(): () => void {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as (options: { type: 'minor' }) => void
  return () => gc({ type: 'minor' })
}
