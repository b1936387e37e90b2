import { access } from 'node:fs/promises'

export const MAX_PARTS = 999

/** `FILE.part001` for the first part. */
export function partName(path: string, index: number): string {
  return `${path}.part${String(index + 1).padStart(3, '0')}`
}

/** The files that hold what a path names: itself, or its parts in order; itself too when there is neither. */
export async function findParts(path: string): Promise<string[]> {
  const whole = path.endsWith('.part001') ? path.slice(0, -'.part001'.length) : path
  if (whole === path && (await isThere(path))) return [path]
  const parts: string[] = []
  while (parts.length < MAX_PARTS && (await isThere(partName(whole, parts.length)))) {
    parts.push(partName(whole, parts.length))
  }
  return parts.length > 0 ? parts : [path]
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
