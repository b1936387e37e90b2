import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { formatDuration } from '../../duration.ts'
import { ExpectedError } from '../../errors.ts'
import { type Credentials, toCredentials } from './credentials.ts'

/** Milliseconds: a helper that opens a window waits for a person; one that hangs is not waited for longer than this. */
const LIMIT = 120_000
/** Characters: what it says of a failure stays one line. */
const LONGEST = 200

interface HelperOptions {
  /** Milliseconds. */
  readonly limit?: number
  /** Ends it, with its reason as the error. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs `docker-credential-<helper> get` for a server; undefined when it knows no credentials.
 * Source: docker-credential-helpers, client/command.go.
 *
 * @throws {ExpectedError} UNAUTHORIZED when it cannot be run, fails otherwise, with what it says of that, or takes longer
 *   than its limit. What it printed as credentials is never repeated.
 */
export async function askCredentialHelper(
  helper: string,
  server: string,
  { limit = LIMIT, signal }: HelperOptions = {},
): Promise<Credentials | undefined> {
  const program = `docker-credential-${helper}`
  if (!/^[\w.-]+$/.test(helper)) throw failed(program, 'has a name that no helper has')
  signal?.throwIfAborted()
  const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'pipe'] })
  const early = Promise.withResolvers<never>()
  const end = (error: unknown) => {
    child.kill('SIGKILL')
    early.reject(error)
  }
  const hangs = `gives no answer for ${server} within ${formatDuration(limit)}, and was ended`
  const timer = setTimeout(() => end(failed(program, hangs, HANGS)), limit)
  const onAbort = () => end(signal?.reason)
  signal?.addEventListener('abort', onAbort)
  const exit = new Promise<number | string | null>((resolve, reject) => {
    child.on('error', ({ code }: NodeJS.ErrnoException) => reject(failed(program, `cannot be run: ${code}`)))
    child.on('close', (code, signal) => resolve(code ?? signal))
  })
  child.stdin.on('error', () => {}) // a helper that ends early says why by its exit code
  child.stdin.end(server)
  try {
    const ended = Promise.all([text(child.stdout), text(child.stderr), exit])
    ended.catch(() => {}) // where it was ended before
    const [output, said, code] = await Promise.race([ended, early.promise])
    const answer = parse(output)
    if (code === 0 && answer) return toCredentials(answer.Username, answer.Secret)
    if (code !== 0 && /credentials not found/i.test(output)) return undefined
    if (code === 0) throw failed(program, `gives no credentials for ${server}`)
    const how = typeof code === 'number' ? `exit code ${code}` : `ended by ${code}`
    throw failed(program, `fails for ${server} (${[how, wordsIn(output) || wordsIn(said)].filter(Boolean).join('; ')})`)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    // What it started may live on and hold the other ends.
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
  }
}

function parse(output: string): { Username: string; Secret: string } | undefined {
  try {
    const { Username, Secret } = JSON.parse(output) as Record<string, unknown>
    return typeof Username === 'string' && typeof Secret === 'string' ? { Username, Secret } : undefined
  } catch {
    return undefined
  }
}

/** The last line of what it says of a failure, as helpers do on standard output too; nothing of what may be credentials. */
function wordsIn(text: string): string {
  if (/"?(?:Secret|Username)"?\s*:/i.test(text)) return ''
  const line = text.trim().split('\n').at(-1) ?? ''
  return line
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, LONGEST)
}

const REPAIR = 'Install or repair it, or take its name out of the credentials file (credHelpers, credsStore).'
const HANGS = `See what it waits for: echo SERVER | PROGRAM get. ${REPAIR}`

function failed(program: string, problem: string, hint = REPAIR): ExpectedError {
  return new ExpectedError('UNAUTHORIZED', `${program}: ${problem}`, { hint: hint.replace('PROGRAM', program) })
}
