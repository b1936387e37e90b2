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
  const parts = await partsBeside(whole)
  const first = parts.findIndex((name, index) => name !== partName(whole, index))
  return first === -1 ? undefined : partName(whole, first)
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

/** Every file that a reader would take for a part of this one, whatever is missing between them. */
export async function partsBeside(path: string): Promise<string[]> {
  const names = new Set(await readdir(dirname(path)).catch(() => []))
  const all = Array.from({ length: MAX_PARTS }, (_, index) => partName(path, index))
  return all.filter((name) => names.has(basename(name)))
}

export function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
