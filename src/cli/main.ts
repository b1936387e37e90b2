import './take-color-flag.ts'
import './assume-user.ts'
import { fileURLToPath } from 'node:url'
import { Config, Errors, type Interfaces, run, settings } from '@oclif/core'
import { ExpectedError } from '../errors.ts'
import { bugText, failureJson, failureText } from './output/failure.ts'
import { flushOutput, outputFailure, say, watchOutput, writeJson } from './output/streams.ts'
import { unknownCommand, wrongCall } from './output/usage-error.ts'

interface Source {
  /** The built program knows its commands. */
  readonly plugins?: Map<string, Interfaces.Plugin>
  /** Asks the commands themselves what they are, not what the build wrote down of them. */
  readonly ignoreManifest?: boolean
}

/** Runs the command line. In development, without a build, the package.json says where the commands are. */
export async function main(pjson: Interfaces.PJSON, source: Source = {}): Promise<void> {
  settings.enableAutoTranspile = false
  // Or oclif looks for a file of colours, three times at each start.
  process.env.NODESEED_DISABLE_THEME ??= '1'
  watchOutput()
  const words = asFlags(process.argv.slice(2))
  try {
    const config = await Config.load({
      root: fileURLToPath(new URL('../..', import.meta.url)),
      pjson,
      ...quiet(),
      ...source,
    })
    const [name = ''] = words
    if (isCommandName(name) && !config.findCommand(name)) throw unknownCommand(name, config.commandIDs)
    await run(words, config)
  } catch (error) {
    if (error instanceof ExpectedError) report(error, words)
    else if (error instanceof Errors.ExitError) process.exitCode = error.oclif.exit ?? 0
    else if (error instanceof Errors.CLIError) report(wrongCall(error, words), words)
    else reportBug(error)
  }
  await flushOutput()
  const failure = outputFailure()
  if (failure) sayUnwritten(failure)
}

/** The log of oclif, which DEBUG asks for, takes longer to set up than a command to parse. */
function quiet(): { logger?: Interfaces.Logger } {
  if (process.env.DEBUG !== undefined) return {}
  const ignore = () => {}
  const logger: Interfaces.Logger = {
    namespace: 'oclif',
    child: () => logger,
    debug: ignore,
    error: ignore,
    info: ignore,
    trace: ignore,
    warn: ignore,
  }
  return { logger }
}

/** Words that other tools have for what is a flag here: `help scan`, `version`, `-h`. */
function asFlags(words: readonly string[]): string[] {
  const [first, ...others] = words
  if (first === 'help') return [...others, '--help']
  if (first === 'version' || first === '-V') return ['--version']
  const end = words.indexOf('--')
  return words.map((word, index) => (word === '-h' && (end < 0 || index < end) ? '--help' : word))
}

function isCommandName(word: string): boolean {
  return word !== '' && !word.startsWith('-')
}

function reportBug(error: unknown): void {
  process.exitCode = 1
  say(bugText(error instanceof Error ? error : new Error(String(error))))
}

function report(error: ExpectedError, words: readonly string[]): void {
  process.exitCode = error.exitCode
  if (words.includes('--json')) writeJson(failureJson(error))
  else say(failureText(error))
}

/** A reader that has seen enough (`nodeseed scan . | head`) knows that it went; of a full disk nobody knows yet. */
function sayUnwritten({ code = 'unknown' }: NodeJS.ErrnoException): void {
  // An answer that was found stays the answer.
  process.exitCode ||= 3
  if (code === 'EPIPE') return
  const isFull = code === 'ENOSPC' || code === 'EDQUOT'
  const problem = isFull ? 'no space left on the disk' : code
  const error = new ExpectedError(isFull ? 'DISK_FULL' : 'DISK_ERROR', `standard output cannot be written: ${problem}`)
  say(failureText(error))
}
