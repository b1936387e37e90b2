import { Flags } from '@oclif/core'
import { parseDuration } from '../duration.ts'
import { ExpectedError } from '../errors.ts'

/** A flag that takes a duration, as kubectl does. Its value is in milliseconds. */
export const durationFlag = Flags.custom<number>({
  helpValue: 'DURATION',
  parse: async (text) => {
    const milliseconds = parseDuration(text)
    if (milliseconds !== undefined) return milliseconds
    const isNumber = /^\d+$/.test(text)
    throw new ExpectedError('USAGE', `Not a duration: ${JSON.stringify(text)}`, {
      hint: isNumber ? `Add a unit: ${text}s or ${text}m.` : 'Write it as 90s, 30m or 1h30m.',
    })
  },
})
