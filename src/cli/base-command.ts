import { Command, Flags, type Interfaces } from '@oclif/core'
import { ExpectedError } from '../errors.ts'
import type { Finding } from '../finding.ts'
import { onStopped } from './output/ending.ts'
import { bugJson, failureJson, failureText } from './output/failure.ts'
import { renderFindings } from './output/findings.ts'
import { formatAsked } from './output/formats/output-format.ts'
import {
  idleExcuses,
  LeftOutError,
  notExcused,
  type Omission,
  omissionsOf,
  renderOmissions,
  type Strictness,
} from './output/omissions.ts'
import { say, writeData, writeJson, writeLines } from './output/streams.ts'
import { type Highlights, screenWidth } from './output/terminal/screen.ts'
import { usageError, withoutParserWords } from './output/usage-error.ts'
import { isQuiet, isVerbose, setVolume } from './output/volume/volume.ts'
import { mayTakeFlags } from './project/flagged-commands.ts'
import { withNearPath } from './texts/near-path.ts'

/** Flags of any command; `filename` names inputs. */
type Named = Parameters<typeof setVolume>[0] & { readonly filename?: readonly string[] } & Record<string, unknown>

const TWO_FORMATS = '--json and -o yaml exclude each other'

/** Of commands that take no manifests. */
const NOT_STRICT: Strictness = { isStrict: false, excuses: [] }

/**
 * Gives every command `--json`, and turns a foreseen failure into a message, a hint and an exit code.
 * The value that `run()` returns is what `--json` prints; people get what `run()` logs.
 */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true
  static override baseFlags = {
    // In place of the framework's own, whose text is of another style.
    json: Flags.boolean({ description: 'print one JSON value instead, for a failure too', helpGroup: 'GLOBAL' }),
    color: Flags.option({ options: ['auto', 'always', 'never'] as const })({
      description: 'colours; auto: on a terminal, unless NO_COLOR is set',
      helpGroup: 'GLOBAL',
    }),
    all: Flags.boolean({ description: 'say every line of what is long', helpGroup: 'GLOBAL' }),
    verbose: Flags.boolean({
      char: 'v',
      description:
        'say on standard error what is asked of whom: requests with status, bytes and time; programs that are run',
      helpGroup: 'GLOBAL',
    }),
    quiet: Flags.boolean({
      char: 'q',
      description: 'no progress and no notes; errors, warnings, what is left out and results stay',
      exclusive: ['verbose'],
      helpGroup: 'GLOBAL',
    }),
  }

  readonly #endings: (() => void)[] = []
  #yamlText: ((value: unknown) => string) | undefined

  /** Ends the command with exit code 4: the question was answered, and the answer is no. */
  protected answerNo(): void {
    process.exitCode = 4
  }

  /** Says something that is neither a result nor a warning, unless quiet is wanted. */
  protected note(text: string): void {
    if (!isQuiet()) this.logToStderr(text)
  }

  /** Has this said when a signal ends the command: what is kept, and how to go on. */
  protected whenStopped(text: string): void {
    this.#endings.push(onStopped(text))
  }

  protected override async finally(error: Error | undefined): Promise<void> {
    for (const forget of this.#endings) forget()
    await super.finally(error)
  }

  /** Says findings, where there is something to say. */
  protected sayFindings(findings: readonly Finding[]): void {
    const wanted = isQuiet() ? findings.filter(({ severity }) => severity !== 'info') : findings
    const text = renderFindings(wanted, { all: this.saysAll })
    if (text !== '') this.logToStderr(text)
  }

  /**
   * Says what findings leave out, as the last words of the command; gives it as `--json` prints it. With `--strict` the
   * command ends with 4 unless all of it is allowed.
   */
  protected sayLeftOut(findings: readonly Finding[], { isStrict, excuses } = NOT_STRICT): Omission[] {
    const omissions = omissionsOf(findings, excuses)
    this.sayFindings(idleExcuses(findings, excuses))
    const said = isQuiet() ? notExcused(omissions) : omissions
    if (said.length > 0) this.logToStderr(renderOmissions(said, { all: this.saysAll }))
    if (isStrict && notExcused(omissions).length > 0) {
      process.exitCode ||= 4
      this.logToStderr(`--strict: what is left out is not allowed\n  try: ${new LeftOutError(omissions).advice}`)
    }
    return omissions
  }

  /** With `--strict`, before anything is written. @throws {ExpectedError} LEFT_OUT, unless all of it is allowed. */
  protected refuseLeftOut(findings: readonly Finding[], { isStrict, excuses }: Strictness): void {
    const omissions = isStrict ? omissionsOf(findings, excuses) : []
    if (notExcused(omissions).length > 0) throw new LeftOutError(omissions)
  }

  /** Columns that tables may take; undefined where all is to be shown whole: elsewhere than on a terminal, with `-o wide`. */
  protected get tableWidth(): number | undefined {
    return this.#formatAsked() === 'wide' ? undefined : screenWidth()
  }

  protected override async init(): Promise<void> {
    await super.init()
    if (this.#formatAsked() === 'yaml' && super.jsonEnabled()) throw new ExpectedError('USAGE', TWO_FORMATS)
    if (this.#formatAsked() === 'yaml') ({ yamlText: this.#yamlText } = await import('./output/formats/yaml-text.ts'))
  }

  /** The command line, and with it how much is to be said from here on. What `-f` names are arguments. */
  protected override async parse<F extends Named, B extends Named, A extends Named>(
    options?: Interfaces.Input<F, B, A>,
    argv?: string[],
  ): Promise<Interfaces.ParserOutput<F, B, A>> {
    const project = await this.#projectWords(argv)
    const words = project ? [...project.words] : argv
    const parsed = await super.parse<F, B, A>(options && withoutStdin(options), words).catch((error) => {
      throw project ? project.explain(error) : error
    })
    const flags: Named = parsed.flags
    setVolume(flags)
    parsed.argv.push(...(flags.filename ?? []))
    if (isVerbose()) (await import('./output/volume/tell-all.ts')).tellAll(say)
    if (isVerbose()) for (const line of project?.lines ?? []) this.logToStderr(line)
    return parsed
  }

  /** The command line with what a project file says of this command's flags; loaded where there may be one. */
  async #projectWords(words: readonly string[] = this.argv) {
    const { id, flags, baseFlags } = this.ctor
    if (!(await mayTakeFlags(id, words))) return undefined
    const { projectWords, tellFlags, withPlaces } = await import('./project/project-words.ts')
    const found = await projectWords({ id, flags: { ...baseFlags, ...flags } }, words, (other) => {
      return (this.config.findCommand(other)?.flags ?? {}) as Interfaces.FlagInput
    })
    const explain = (error: unknown) => withPlaces(error, id, found.told)
    return { words: found.words, lines: tellFlags(found.told), explain }
  }

  /** Whether the answer is for programs. */
  override jsonEnabled(): boolean {
    return super.jsonEnabled() || ['json', 'yaml'].includes(this.#formatAsked() ?? '')
  }

  /** With `--all` nothing is counted instead of said. */
  protected get saysAll(): boolean {
    const end = this.argv.indexOf('--')
    return (end < 0 ? this.argv : this.argv.slice(0, end)).includes('--all')
  }

  #formatAsked(): string | undefined {
    const { output } = this.ctor.flags
    return output && 'options' in output && output.options ? formatAsked(this.argv) : undefined
  }

  override log(message = '', highlights: Highlights = []): void {
    if (!this.jsonEnabled()) writeLines(message, highlights)
  }

  override logToStderr(message = ''): void {
    if (!this.jsonEnabled()) say(message)
  }

  /** Plain JSON: the colours that oclif adds cost many times the memory of a large result. */
  override logJson(json: unknown): void {
    if (this.#yamlText) writeData(this.#yamlText(json))
    else writeJson(json)
  }

  protected override async catch(error: Error): Promise<unknown> {
    const foreseen = error instanceof ExpectedError ? withoutParserWords(error) : this.#usageError(error)
    // The framework warns of commands that did not parse, where this one could not.
    this.parsed = true
    if (!foreseen) return this.#reportBug(error)
    const failure = await withNearPath(foreseen)
    process.exitCode = failure.exitCode
    if (this.jsonEnabled()) this.logJson(failureJson(failure))
    else say(failureText(failure))
    return undefined
  }

  #reportBug(error: Error): undefined {
    if (!this.jsonEnabled()) throw error
    process.exitCode = 1
    this.logJson(bugJson(error))
  }

  #usageError(error: Error): ExpectedError | undefined {
    const { flags = {}, baseFlags = {} } = this.ctor
    return usageError(error, { id: this.id, flags: Object.keys({ ...baseFlags, ...flags }) })
  }
}

/** The parser takes what stands on standard input for an argument that is not given; here `-` says so. */
function withoutStdin<F extends Named, B extends Named, A extends Named>(
  options: Interfaces.Input<F, B, A>,
): Interfaces.Input<F, B, A> {
  const { args = {}, flags, baseFlags, enableJsonFlag, strict } = options
  const own = Object.entries(args).map(([name, arg]) => [name, { ...(arg as object), ignoreStdin: true }])
  return { ...options, args: Object.fromEntries(own), flags, baseFlags, enableJsonFlag, strict } as typeof options
}
