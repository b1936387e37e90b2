import { MAX_SEGMENT, type TextEntry, type TextRange } from './text-range.ts'

/** A piece of new text, and what of the old text is likely to be like it. */
export interface PlannedSegment {
  readonly offset: number
  readonly length: number
  /** By their names and places; in no order, and they may overlap. */
  readonly from: readonly TextRange[]
}

/** Less than a patch may use: a larger segment saves few bytes, and takes memory several times over. */
const SEGMENT = MAX_SEGMENT / 4
/** A piece of a large file is sought this far around its place. */
const AROUND = 2 * 1024 * 1024

/**
 * Cuts new text into segments, at files where it can, and finds for each the files of the old text that have the same
 * names, or names that differ in digits only (`libssl.so.3.0.11`), or at least the same last part.
 */
export function planSegments(
  size: number,
  entries: readonly TextEntry[],
  old: { readonly size: number; readonly entries: readonly TextEntry[] },
): PlannedSegment[] {
  const find = finder(old.entries)
  const segments: PlannedSegment[] = []
  let [start, end] = [0, 0]
  let from: TextRange[] = []
  const close = (): void => {
    if (end > start) segments.push({ offset: start, length: end - start, from })
    start = end
    from = []
  }
  for (const { name, offset, length } of entries) {
    const known = find(name)
    if (offset + length - start > SEGMENT) close()
    if (length <= SEGMENT) {
      end = offset + length
      if (known) from.push([known.offset, known.length])
      continue
    }
    for (let at = 0; at < length; at += SEGMENT) {
      end = offset + Math.min(length, at + SEGMENT)
      if (known) from.push(around(known, at, end - offset))
      close()
    }
  }
  // What is no file of a tar has its place only.
  for (; end < size; close()) {
    const next = Math.min(size, end + SEGMENT)
    if (end > start && next - start > SEGMENT) close()
    from.push(around({ offset: 0, length: old.size }, end, next))
    end = next
  }
  close()
  return segments
}

function around({ offset, length }: { offset: number; length: number }, start: number, end: number): TextRange {
  const first = Math.min(length, Math.max(0, start - AROUND))
  return [offset + first, Math.min(length, end + AROUND) - first]
}

function finder(entries: readonly TextEntry[]): (name: string) => TextEntry | undefined {
  const keys = [(name: string) => name, withoutDigits, (name: string) => withoutDigits(name.split('/').at(-1) ?? '')]
  const maps = keys.map((key) => new Map(entries.map((entry) => [key(entry.name), entry])))
  return (name) => {
    for (const [index, key] of keys.entries()) {
      const found = maps[index]!.get(key(name))
      if (found) return found
    }
    return undefined
  }
}

function withoutDigits(name: string): string {
  return name.replaceAll(/\d+/g, '0')
}
