import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { PROGRAM } from './cli.ts'
import { runTool, tool, toolEnvironment } from './debian.ts'

interface Screen {
  readonly exitCode: number
  /** All that the terminal got, standard error too, with its escape sequences. */
  readonly text: string
}

interface Typing {
  readonly when: (text: string) => boolean
  readonly keys: string
  readonly columns?: number
  readonly env?: Record<string, string>
}

/** Runs the built nodeseed on a real pseudo-terminal of so many columns (script, of util-linux), as a user would. */
export async function runOnTerminal(
  args: readonly string[],
  { columns, env = {} }: { columns: number; env?: Record<string, string> },
): Promise<Screen> {
  const call = ['--quiet', '--return', '--command', commandLine(args, columns, env), '/dev/null']
  const { stdout, code } = await runTool('script', call).then(
    (done) => ({ ...done, code: 0 }),
    (error: { stdout: string; code: number }) => error,
  )
  return { exitCode: code, text: stdout.replaceAll('\r\n', '\n') }
}

/** Runs it as above; types `keys` as soon as `when` says so of what the terminal shows. */
export async function typeOnTerminal(
  args: readonly string[],
  { when, keys, columns = 80, env = {} }: Typing,
): Promise<Screen> {
  const call = ['--quiet', '--return', '--command', commandLine(args, columns, env), '/dev/null']
  const terminal = spawn(tool('script'), call, { env: toolEnvironment(), stdio: ['pipe', 'pipe', 'ignore'] })
  onTestFinished(() => void terminal.kill('SIGKILL'))
  let text = ''
  terminal.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const timer = setInterval(() => {
    if (!when(text)) return
    clearInterval(timer)
    terminal.stdin.write(keys)
  }, 20)
  const [exitCode] = (await once(terminal, 'close')) as [number]
  clearInterval(timer)
  return { exitCode, text: text.replaceAll('\r\n', '\n') }
}

function commandLine(args: readonly string[], columns: number, env: Record<string, string>): string {
  const line = [process.execPath, PROGRAM, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  const setting = Object.entries({ TERM: 'xterm-256color', ...env }).map(([name, value]) => `${name}=${value}`)
  return `stty cols ${columns} rows 50; exec env -u NO_COLOR -u FORCE_COLOR -u CI ${setting.join(' ')} ${line}`
}
