import { Flags } from '@oclif/core'
import { formatDuration, parseDuration } from '../../duration.ts'
import { ExpectedError } from '../../errors.ts'

/** The shortest that is taken, in milliseconds, default 0; and whether it may be told in days, which kubectl does not know. */
type Bounds = { readonly min?: number; readonly inDays?: boolean }

const DAY = 24 * 60 * 60_000

/** A flag that takes a duration, as kubectl does. Its value is in milliseconds. */
export const durationFlag = Flags.custom<number, Bounds>({
  helpValue: 'DURATION',
  defaultHelp: async ({ options }) =>
    typeof options.default === 'number' ? formatDuration(options.default) : undefined,
  parse: async (text, _context, { min = 0, inDays = false }) => {
    const [, days] = (inDays && /^(\d{1,5})d$/.exec(text)) || []
    const milliseconds = days === undefined ? parseDuration(text) : Number(days) * DAY
    if (milliseconds !== undefined && milliseconds >= min) return milliseconds
    const problem = milliseconds === undefined ? 'Not a duration' : `Shorter than ${formatDuration(min)}`
    const isNumber = milliseconds === undefined && /^\d+$/.test(text)
    throw new ExpectedError('USAGE', `${problem}: ${JSON.stringify(text)}`, {
      hint: isNumber ? `Add a unit: ${text}s or ${text}m.` : `Write it as ${inDays ? '7d, ' : ''}90s, 30m or 1h30m.`,
    })
  },
})
