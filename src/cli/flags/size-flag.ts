import { Flags } from '@oclif/core'
import { ExpectedError } from '../../errors.ts'

const PREFIXES = ['', 'k', 'm', 'g', 't']

/** The smallest size that is taken, in bytes. Default: 1. */
type Bounds = { readonly min?: number }

/** A flag that takes a size, as people and Kubernetes write it: `4GB`, `650MiB`, `40G`, `64Ki`. Its value is in bytes. */
export const sizeFlag = Flags.custom<number, Bounds>({
  helpValue: 'SIZE',
  parse: async (text, _context, { min = 1 }) => {
    const bytes = parseSize(text)
    if (bytes !== undefined && bytes >= min) return bytes
    throw new ExpectedError('USAGE', `not a size: ${JSON.stringify(text)}`, {
      hint: `Write it as 4GB, 650MiB or a number of bytes${min > 1 ? `, at least ${min / 1024}KiB` : ''}.`,
    })
  },
})

/** Bytes of a size; undefined for what is none. Units are powers of 1000, and those with an i powers of 1024. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?$/i.exec(text)
  if (!match) return undefined
  const [, count, prefix = '', binary] = match
  if (binary && !prefix) return undefined
  return Math.floor(Number(count) * (binary ? 1024 : 1000) ** PREFIXES.indexOf(prefix.toLowerCase()))
}
