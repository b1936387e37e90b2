import { startTool } from './start-tool.ts'

/** How a program ended. */
export type ToolResult =
  | { readonly outcome: 'done'; readonly stdout: string }
  /** There is no such program. */
  | { readonly outcome: 'missing' }
  /** `why` is what the program said, or what was done to it. */
  | { readonly outcome: 'failed'; readonly stderr: string; readonly why: string }

interface RunOptions {
  /** How long it may take, in milliseconds. */
  readonly timeout: number
  /** How much it may print. */
  readonly maxBytes: number
  readonly env?: NodeJS.ProcessEnv | undefined
  readonly hasGroup?: boolean
}

/** What a program says of its failure is read up to here. */
const MAX_ERROR_BYTES = 1024 * 1024

/** Runs a program to its end; arguments never pass through a shell, and standard input is empty. */
export function runTool(
  program: string,
  args: readonly string[],
  { timeout, maxBytes, env, hasGroup = true }: RunOptions,
): Promise<ToolResult> {
  const tool = startTool(program, args, { env, hasGroup })
  if (!tool) return Promise.resolve({ outcome: 'missing' })
  const { child, stop } = tool
  const printed: Buffer[] = []
  const said: Buffer[] = []
  let [bytes, saidBytes] = [0, 0]
  let why: string | undefined
  const end = (reason: string) => {
    why ??= reason
    stop()
  }
  const timer = setTimeout(() => end(`took longer than ${timeout / 1000} s`), timeout)
  child.stdout?.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength
    if (bytes <= maxBytes) printed.push(chunk)
    else end(`printed more than ${maxBytes / 1024 / 1024} MiB`)
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    saidBytes += chunk.byteLength
    if (saidBytes <= MAX_ERROR_BYTES) said.push(chunk)
  })
  return new Promise((resolve) => {
    const settle = (result: ToolResult) => {
      clearTimeout(timer)
      resolve(result)
    }
    child.once('error', ({ message }) => settle({ outcome: 'failed', stderr: '', why: message }))
    child.once('close', (code, signal) => {
      const stderr = Buffer.concat(said).toString('utf8')
      if (code === 0 && why === undefined) settle({ outcome: 'done', stdout: Buffer.concat(printed).toString('utf8') })
      else settle({ outcome: 'failed', stderr, why: why ?? (lastLine(stderr) || `ended with ${signal ?? code}`) })
    })
  })
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
