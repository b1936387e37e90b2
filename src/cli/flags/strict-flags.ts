import { Flags, type Interfaces } from '@oclif/core'
import type { Strictness } from '../output/omissions.ts'
import { excuseOf } from '../project/excuse.ts'
import { findProjects, jointStrictness } from '../project/find-project.ts'
import { repeatable } from './repeatable.ts'

/** Flags of every command that says what it leaves out. */
export const strictFlags = {
  strict: Flags.boolean({
    description: 'end with 4, and write nothing, when something is left out that is not allowed',
  }),
  allow: repeatable({
    description: 'let this be left out, all of it or what GLOB names (repeatable)',
    helpValue: 'CODE[=GLOB]',
    parse: async (text) => {
      excuseOf(text, '')
      return text
    },
  }),
}

export type StrictFlags = Interfaces.InferredFlags<typeof strictFlags>

/**
 * What those flags and the project files of the inputs mean together.
 *
 * @throws {ExpectedError} USAGE; what reading a project file throws.
 */
export async function strictnessOf(
  inputs: readonly string[],
  { strict, allow, config }: StrictFlags & { readonly config?: string | undefined },
): Promise<Strictness> {
  const excuses = allow.map((text) => excuseOf(text, `--allow ${text}`))
  return jointStrictness({ isStrict: strict, excuses }, await findProjects(inputs, config))
}
