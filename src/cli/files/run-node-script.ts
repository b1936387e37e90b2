import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { onEarlyEnd } from '../../early-end.ts'
import { ExpectedError } from '../../errors.ts'

/** What the node script found and did: everything is there, or its report says what is not. */
export interface NodeScriptResult {
  readonly isWhole: boolean
  readonly report: Readonly<Record<string, unknown>>
}

/** Where in the script, which nobody has before them, a shell met what it says. */
const SHELL_LINE = /\bsh: (?:line )?\d+: /g

/**
 * Runs the node script on this machine, which ends with us; what it has to tell people goes to stderr. `bundle` is what it
 * reads, and what people call that.
 *
 * @throws {ExpectedError} INPUT_INVALID, NODE_FAILED in the words of the script, where it ended before it had looked
 */
export async function runNodeScript(
  script: string,
  args: readonly string[],
  bundle: { readonly file: string; readonly path: string },
): Promise<NodeScriptResult> {
  const asNamed = (text: string) => text.replaceAll(bundle.file, bundle.path).replaceAll(SHELL_LINE, '')
  // Why it fails stands in its report, and is what the error says then.
  const env = { ...process.env, NODESEED_REPORT_TELLS: 'yes' }
  const child = spawn('sh', ['-s', '--', ...args, bundle.file], { stdio: 'pipe', env })
  createInterface(child.stderr).on('line', (line) => void process.stderr.write(`${asNamed(line)}\n`))
  const forget = onEarlyEnd(() => child.kill('SIGTERM'))
  child.stdin.on('error', () => {}) // a script that ends early has said why
  child.stdin.end(script)
  const [said, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'close')])
  forget()
  const line = said.trim().split('\n').at(-1) ?? ''
  const report = line.startsWith('{') ? JSON.parse(line) : {}
  const isFailed = report.result === 'failed' || (exitCode !== 0 && exitCode !== 4)
  if (!isFailed) return { isWhole: exitCode === 0, report }
  throw new ExpectedError(
    exitCode === 2 ? 'INPUT_INVALID' : 'NODE_FAILED',
    asNamed(String(report.message ?? '')) || 'the node script was stopped before it said how it ended',
  )
}
