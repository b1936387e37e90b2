import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { ExpectedError } from '../../errors.ts'
import { type Credentials, toCredentials } from './credentials.ts'

/** A helper that opens a window waits for a person; one that hangs is not waited for longer than this. */
const TIMEOUT = 120_000

/**
 * Runs `docker-credential-<helper> get` for a server; undefined when it knows no credentials.
 * Source: docker-credential-helpers, client/command.go.
 *
 * @throws {ExpectedError} UNAUTHORIZED when it cannot be run or fails otherwise. What it printed is never repeated.
 */
export async function askCredentialHelper(helper: string, server: string): Promise<Credentials | undefined> {
  const program = `docker-credential-${helper}`
  if (!/^[\w.-]+$/.test(helper)) throw failed(program, 'has a name that no helper has')
  const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'], signal: AbortSignal.timeout(TIMEOUT) })
  const exit = new Promise<number | null>((resolve, reject) => {
    child.on('error', ({ code }: NodeJS.ErrnoException) => reject(failed(program, `cannot be run: ${code}`)))
    child.on('close', resolve)
  })
  child.stdin.on('error', () => {}) // a helper that ends early says why by its exit code
  child.stdin.end(server)
  const [output, code] = await Promise.all([text(child.stdout), exit])
  if (code !== 0 && /credentials not found/i.test(output)) return undefined
  if (code !== 0) throw failed(program, `fails for ${server} (exit code ${code})`)
  const answer = parse(output)
  if (!answer) throw failed(program, `gives no credentials for ${server}`)
  return toCredentials(answer.Username, answer.Secret)
}

function parse(output: string): { Username: string; Secret: string } | undefined {
  try {
    const { Username, Secret } = JSON.parse(output) as Record<string, unknown>
    return typeof Username === 'string' && typeof Secret === 'string' ? { Username, Secret } : undefined
  } catch {
    return undefined
  }
}

function failed(program: string, problem: string): ExpectedError {
  return new ExpectedError('UNAUTHORIZED', `${program}: ${problem}`, {
    hint: 'Install or repair it, or take its name out of the credentials file (credHelpers, credsStore).',
  })
}
