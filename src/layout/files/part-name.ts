import { access, readdir } from 'node:fs/promises'
import { basename, dirname } from 'node:path'

export const MAX_PARTS = 999

/** `FILE.part001` for the first part. */
export function partName(path: string, index: number): string {
  return `${path}.part${String(index + 1).padStart(3, '0')}`
}

/** The name that parts have in common; a path that is no part's stays as it is. */
export function wholeName(path: string): string {
  return path.replace(/\.part\d{3}$/, '')
}

/** The first part that is not there although a later one is; undefined when there is no such gap. */
export async function findGap(path: string): Promise<string | undefined> {
  const whole = wholeName(path)
  if (whole === path && (await isThere(path))) return undefined
  const names = new Set(await readdir(dirname(whole)).catch(() => []))
  const numbers = Array.from({ length: MAX_PARTS }, (_, index) => index)
  const first = numbers.find((index) => !names.has(basename(partName(whole, index)))) ?? MAX_PARTS
  const isLaterThere = numbers.some((index) => index > first && names.has(basename(partName(whole, index))))
  return isLaterThere ? partName(whole, first) : undefined
}

/** The files that hold what a path names: itself, or its parts in order; itself too when there is neither. */
export async function findParts(path: string): Promise<string[]> {
  const whole = wholeName(path)
  if (whole === path && (await isThere(path))) return [path]
  const parts: string[] = []
  while (parts.length < MAX_PARTS && (await isThere(partName(whole, parts.length)))) {
    parts.push(partName(whole, parts.length))
  }
  return parts.length > 0 ? parts : [path]
}

export function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
