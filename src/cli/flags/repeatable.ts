import { Flags } from '@oclif/core'

interface RepeatableFlag {
  readonly description: string
  readonly helpValue: string
  readonly char?: 'f'
  /** The variable of the environment that stands for it. */
  readonly env?: string
  /** Checks one value. */
  readonly parse?: (text: string) => Promise<string>
}

/**
 * A flag that may be given several times, one value each, so that what follows it is an argument. Where it is not given,
 * the environment variable's comma list counts.
 */
export function repeatable({ env, description, ...rest }: RepeatableFlag) {
  return Flags.string({
    ...rest,
    description: env ? `${description}; default: ${env}` : description,
    multiple: true,
    multipleNonGreedy: true,
    // An empty list is nothing to show in the help.
    defaultHelp: async () => undefined,
    default: async () => (env && process.env[env] ? process.env[env].split(',') : []),
  })
}
