import { ExpectedError } from '../../../errors.ts'
import { runTool } from '../../../tools/run-tool.ts'
import type { RemoteAddress } from './kustomization.ts'

/** What a renderer printed, and which addresses it asked for on the way. */
export interface Rendered {
  readonly text: string
  readonly asked: readonly RemoteAddress[]
}

/** Rendered charts can be large: those with many CRDs reach tens of megabytes. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024
/** The largest charts take a few seconds. */
const TIMEOUT = 120_000

/**
 * An environment in which a renderer reaches nothing: what is no address by its text is still not asked for. Go's HTTP
 * client takes proxies from it, and git the protocols that it may speak.
 */
const OFFLINE = {
  HTTP_PROXY: 'http://127.0.0.1:9',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  NO_PROXY: '',
  http_proxy: 'http://127.0.0.1:9',
  https_proxy: 'http://127.0.0.1:9',
  no_proxy: '',
  GIT_ALLOW_PROTOCOL: 'none',
}

/**
 * What a renderer prints for an input; undefined where it is not installed.
 *
 * @throws {ExpectedError} INPUT_UNREADABLE with what it said.
 */
export async function runRenderer(
  tool: string,
  args: readonly string[],
  { input, allowRemote, shown = input }: { input: string; allowRemote: boolean; shown?: string },
): Promise<string | undefined> {
  const env = allowRemote ? { ...process.env, GIT_TERMINAL_PROMPT: '0' } : { ...process.env, ...OFFLINE }
  const result = await runTool(tool, args, { timeout: TIMEOUT, maxBytes: MAX_OUTPUT_BYTES, env })
  if (result.outcome === 'done') return result.stdout
  if (result.outcome === 'missing') return undefined
  const reason = (reasonIn(result.stderr) ?? result.why).replaceAll(shown, input)
  const isVendored = !/missing in charts\/ directory/.test(reason)
  throw new ExpectedError('INPUT_UNREADABLE', `${input}: ${tool} ${args[0]}: ${reason}`, {
    hint: isVendored
      ? `See what it says: ${tool} ${args.join(' ').replaceAll(shown, input)}`
      : `Fetch the charts that it depends on where there is internet: helm dependency build ${input}`,
  })
}

/** As much of an error as is shown. */
const MAX_LINES = 8

/** The error in what a renderer said, which may go on for some lines, without its advice. */
function reasonIn(said: string): string | undefined {
  const logged = LOGGED.exec(said)
  if (logged) return oneLine((logged[1] ?? logged[2]?.replace(/\\(["\\])/g, '$1') ?? '').split('\n'))
  const lines = said.split('\n').map((line) => line.trim())
  const start = lines.findIndex((line) => /^error:/i.test(line))
  if (start < 0) return undefined
  const advice = lines.findIndex((line, index) => index > start && /^Use --debug flag/.test(line))
  return oneLine(lines.slice(start, advice < 0 ? undefined : advice)).replace(/^error: */i, '')
}

/** As kubectl's log has an error: on one line in quotes, else on lines of its own. */
const LOGGED = /^E\d{4} .*\berr=(?:<\n([\s\S]*?)\n >|"((?:[^"\\]|\\.)*)")/m

function oneLine(lines: readonly string[]): string {
  const said = lines.map((line) => line.trim()).filter((line) => line !== '')
  // What is wrong stands at the end, behind what it is wrong with.
  const shown = said.length > MAX_LINES ? [...said.slice(0, MAX_LINES - 2), '…', ...said.slice(-2)] : said
  return shown.join(' ')
}

/** @throws {ExpectedError} INPUT_UNREADABLE naming each address, unless asking for them is allowed. */
export function refuseRemote(input: string, addresses: readonly RemoteAddress[], allowRemote: boolean): void {
  if (allowRemote || addresses.length === 0) return
  const lines = addresses.map(({ address, file, line }) => `${file}:${line}: ${address}`)
  throw new ExpectedError(
    'INPUT_UNREADABLE',
    `${input}: rendering it asks for what is elsewhere: ${lines.join(', ')}`,
    {
      hint: 'If you trust these addresses, allow them with --allow-remote; or keep a copy beside the rest and name that.',
    },
  )
}
