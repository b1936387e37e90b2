import { Flags } from '@oclif/core'

/** How an answer is printed, and what the help says of it. */
const FORMATS = {
  table: 'what fits the screen',
  wide: 'whole names and digests',
  images: 'one line an image, for other tools',
  json: 'as --json',
  yaml: 'the same as YAML',
} as const

export type OutputFormat = keyof typeof FORMATS

/** `-o`, of commands that write no file: how the answer is printed. */
export function formatFlag<const F extends OutputFormat>(formats: readonly F[]) {
  const options = [...formats]
  return Flags.option({ options })({
    char: 'o',
    description: options.map((name) => `${name}: ${FORMATS[name]}`).join('; '),
  })
}

/** What a command line asks for with `-o`, before it is parsed: failures are printed in that format too. */
export function formatAsked(argv: readonly string[]): string | undefined {
  const end = argv.indexOf('--')
  const words = end < 0 ? argv : argv.slice(0, end)
  const asked = words.flatMap((word, index) => {
    if (word === '-o' || word === '--output') return [words[index + 1]]
    const [, value] = /^(?:--output=|-o=?)(.+)$/.exec(word) ?? []
    return value === undefined ? [] : [value]
  })
  return asked.at(-1)
}
