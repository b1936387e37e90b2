import { stripVTControlCharacters } from 'node:util'
import { Command, Errors } from '@oclif/core'
import { ExpectedError } from '../errors.ts'
import { jsonPieces } from './output/json-pieces.ts'

/**
 * Gives every command `--json`, and turns a foreseen failure into a message, a hint and an exit code.
 * The value that `run()` returns is what `--json` prints; people get what `run()` logs.
 */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true

  /** Ends the command with exit code 4: the question was answered, and the answer is no. */
  protected answerNo(): void {
    process.exitCode = 4
  }

  /** Plain JSON: the colours that oclif adds cost many times the memory of a large result. */
  override logJson(json: unknown): void {
    for (const piece of jsonPieces(json)) process.stdout.write(piece)
    process.stdout.write('\n')
  }

  protected override async catch(error: Error): Promise<unknown> {
    if (!(error instanceof ExpectedError)) return super.catch(error)
    process.exitCode = error.exitCode
    if (this.jsonEnabled()) this.logJson(this.toErrorJson(error))
    else this.logToStderr(describe(error))
    return undefined
  }

  protected override toErrorJson(error: unknown): unknown {
    // Oclif's own error carries the whole command along.
    if (error instanceof Errors.CLIError && 'parse' in error) {
      return { error: { code: 'USAGE', message: stripVTControlCharacters(error.message) } }
    }
    if (!(error instanceof ExpectedError)) return super.toErrorJson(error)
    const { code, message, advice } = error
    return { error: { code, message, hint: advice } }
  }
}

function describe({ message, code, advice }: ExpectedError): string {
  return `error: ${message}\n  try: ${advice}\n  code: ${code}`
}
