import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** Columns that a terminal has which does not say. */
const USUAL_WIDTH = 80

/** Columns of the terminal that standard output goes to; undefined where it goes elsewhere, and nothing is shortened. */
export function screenWidth({ isTTY, columns }: NodeJS.WriteStream = process.stdout): number | undefined {
  return isTTY ? columns || USUAL_WIDTH : undefined
}

/**
 * Whether a stream gets colours. `--color` is in the environment by then (`take-color-flag.ts`). Sources: no-color.org,
 * force-color.org.
 */
export function isColoured(
  stream: Pick<NodeJS.WriteStream, 'isTTY'>,
  { NO_COLOR, FORCE_COLOR, TERM }: NodeJS.ProcessEnv = process.env,
): boolean {
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false'
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false
  return stream.isTTY === true && TERM !== 'dumb'
}

/** How lines of a kind begin, and what of them is coloured. */
export type Highlights = readonly (readonly [beginning: RegExp, style: Style])[]

/** What every command says beside its answer. */
export const SAID: Highlights = [
  [/^(?:error|bug):/gm, ['bold', 'red']],
  [/^(?:warning:|left out:)/gm, ['bold', 'yellow']],
  [/^(?:info:|left out, as allowed:)/gm, 'cyan'],
  [/^ {2}(?:try|code):/gm, 'dim'],
]

/** Verdicts at the beginning of a line. */
export const VERDICTS: Highlights = [
  [/^(?:safe|everywhere)(?= |$)/gm, 'green'],
  [/^(?:at risk|unknown|not judged|some nodes)(?= |$)/gm, 'yellow'],
  [/^(?:impossible|nowhere)(?= |$)/gm, ['bold', 'red']],
  [/^ *fix:/gm, 'bold'],
]

/** What came, went and moved, by its sign. */
export const CHANGES: Highlights = [
  [/^\+/gm, 'green'],
  [/^-/gm, 'red'],
  [/^~/gm, 'yellow'],
]

/** The same text with colours. What is coloured is printable already: nothing else in it may be obeyed. */
export function highlight(text: string, highlights: Highlights): string {
  return highlights.reduce(
    (done, [beginning, style]) =>
      done.replace(beginning, (found) => styleText(style, found, { validateStream: false })),
    text,
  )
}
