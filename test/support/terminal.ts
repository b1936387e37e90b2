import { PROGRAM } from './cli.ts'
import { runTool } from './debian.ts'

interface Screen {
  readonly exitCode: number
  /** All that the terminal got, standard error too, with its escape sequences. */
  readonly text: string
}

/** Runs the built nodeseed on a real pseudo-terminal of so many columns (script, of util-linux), as a user would. */
export async function runOnTerminal(
  args: readonly string[],
  { columns, env = {} }: { columns: number; env?: Record<string, string> },
): Promise<Screen> {
  const line = [process.execPath, PROGRAM, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  const setting = Object.entries({ TERM: 'xterm-256color', ...env }).map(([name, value]) => `${name}=${value}`)
  const start = `stty cols ${columns} rows 50; exec env -u NO_COLOR -u FORCE_COLOR -u CI ${setting.join(' ')} ${line}`
  const call = ['--quiet', '--return', '--command', start, '/dev/null']
  const { stdout, code } = await runTool('script', call).then(
    (done) => ({ ...done, code: 0 }),
    (error: { stdout: string; code: number }) => error,
  )
  return { exitCode: code, text: stdout.replaceAll('\r\n', '\n') }
}
