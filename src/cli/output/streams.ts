import { jsonPieces } from './formats/json-pieces.ts'
import { printableLines } from './terminal/printable.ts'
import { type Highlights, highlight, isColoured, SAID } from './terminal/screen.ts'

let failure: NodeJS.ErrnoException | undefined

/**
 * Has what cannot be written to standard output remembered instead of thrown: the command goes on to its end, since its
 * answer (the exit code) is more than its words.
 */
export function watchOutput(): void {
  // The framework's own listener throws.
  process.stdout.removeAllListeners('error')
  process.stdout.on('error', (error) => {
    failure ??= error
  })
  // Nobody is left to be told.
  process.stderr.on('error', () => {})
}

/** Resolves once everything that was written is out, or cannot be. */
export async function flushOutput(): Promise<void> {
  // Nothing is written without need: a reader who has all that there was, and went, is no failure.
  await new Promise<void>((resolve) => {
    if (process.stdout.writableLength === 0) setImmediate(resolve)
    else process.stdout.write('', () => setImmediate(resolve))
  })
}

/** Why standard output took no more; undefined when it took everything. */
export function outputFailure(): NodeJS.ErrnoException | undefined {
  return failure
}

/** Lines for people, on standard output, with what they highlight. */
export function writeLines(text: string, highlights: Highlights = []): void {
  const lines = `${printableLines(text)}\n`
  writeOut(isColoured(process.stdout) ? highlight(lines, highlights) : lines)
}

/** Lines for people, on standard error: what is no result. */
export function say(text: string): void {
  const lines = `${printableLines(text)}\n`
  process.stderr.write(isColoured(process.stderr) ? highlight(lines, SAID) : lines)
}

/** A value for programs, on standard output: it reads back as it is, and shows at a terminal. */
export function writeJson(value: unknown): void {
  for (const piece of jsonPieces(value)) writeData(piece)
  writeData('\n')
}

/** Content for programs, to the byte; people at a terminal see it printable. */
export function writeData(text: string): void {
  writeOut(process.stdout.isTTY ? printableLines(text) : text)
}

function writeOut(text: string): void {
  if (failure) return
  try {
    process.stdout.write(text)
  } catch (error) {
    failure ??= error as NodeJS.ErrnoException
  }
}
