import { Flags } from '@oclif/core'
import { ExpectedError } from '../errors.ts'

const UNITS: Record<string, number> = { '': 1, k: 1e3, m: 1e6, g: 1e9, ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30 }
const SMALLEST = 1 << 16

/** `--split SIZE`, in bytes. */
export const splitFlag = Flags.custom<number>({
  description: 'write parts of this size, FILE.part001 and so on, such as 4GB or 650MiB; every command reads them',
  parse: async (text) => parseSize(text),
})

/** @throws {ExpectedError} USAGE */
function parseSize(text: string): number {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmg]i?)?b?$/i.exec(text) ?? []
  const bytes = Math.floor(Number(count) * (UNITS[unit.toLowerCase()] ?? Number.NaN))
  if (bytes >= SMALLEST) return bytes
  throw new ExpectedError('USAGE', `Not a size for parts: ${JSON.stringify(text)}`, {
    hint: 'Write it as 4GB, 650MiB or a number of bytes, at least 64Ki.',
  })
}
