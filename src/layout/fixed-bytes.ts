import type { FixedBytes } from '../bundle/format/frame.ts'
import type { ByteFile } from './files/byte-file.ts'

/** Bytes that one read takes at the most, where what must be compared lies near together. */
const WINDOW = 1 << 16
/** Reads at the same time. */
const READS = 8

/**
 * Where a file first differs from what must stand at these places, in bytes from its start; undefined when it does not.
 * The places are in file order. What is between far places is not read.
 *
 * @throws {ExpectedError} BUNDLE_INVALID when the file ends before.
 */
export async function findDifference(file: ByteFile, expected: Iterable<FixedBytes>): Promise<number | undefined> {
  let batch: FixedBytes[][] = []
  for (const window of windowsOf(expected)) {
    batch.push(window)
    if (batch.length < READS) continue
    const found = await firstDifference(file, batch)
    if (found !== undefined) return found
    batch = []
  }
  return firstDifference(file, batch)
}

function* windowsOf(expected: Iterable<FixedBytes>): Generator<FixedBytes[]> {
  let window: FixedBytes[] = []
  for (const place of expected) {
    const start = window[0]?.offset ?? place.offset
    if (window.length > 0 && place.offset + place.bytes.length - start > WINDOW) {
      yield window
      window = []
    }
    window.push(place)
  }
  if (window.length > 0) yield window
}

async function firstDifference(file: ByteFile, windows: readonly FixedBytes[][]): Promise<number | undefined> {
  const found = await Promise.all(windows.map((window) => differenceIn(file, window)))
  return found.find((offset) => offset !== undefined)
}

async function differenceIn(file: ByteFile, window: readonly FixedBytes[]): Promise<number | undefined> {
  const [first, last] = [window[0], window.at(-1)]
  if (!first || !last) return undefined
  const read = await file.read(first.offset, last.offset + last.bytes.length - first.offset)
  for (const { offset, bytes } of window) {
    const actual = read.subarray(offset - first.offset, offset - first.offset + bytes.length)
    if (actual.equals(bytes)) continue
    return offset + actual.findIndex((byte, at) => byte !== bytes[at])
  }
  return undefined
}
