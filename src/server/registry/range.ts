/** Part of a blob: bytes `start` up to and without `end`. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * The one range that a `Range` header asks for; undefined when the whole is to be sent (no header, several ranges, or a
 * header that is not understood, which RFC 9110 §14.2 lets a server ignore); `unsatisfiable` when it starts behind the end.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined | 'unsatisfiable' {
  const [, first = '', last = ''] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(header ?? '') ?? []
  if (!first && !last) return undefined
  if (!first) {
    const length = Math.min(Number(last), size)
    return length > 0 ? { start: size - length, end: size } : 'unsatisfiable'
  }
  const start = Number(first)
  const end = last ? Math.min(Number(last) + 1, size) : size
  if (last && Number(last) < start) return undefined
  return start < size ? { start, end } : 'unsatisfiable'
}
