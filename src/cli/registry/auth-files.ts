import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ExpectedError } from '../../errors.ts'

/**
 * The credential files of this user that are there, first the one that counts most: `REGISTRY_AUTH_FILE`, those of
 * podman and skopeo, docker's. Source: containers-auth.json(5).
 *
 * @throws {ExpectedError} INPUT_UNREADABLE, never quoting what a file holds.
 */
export async function readAuthFiles(): Promise<object[]> {
  const { REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR, XDG_CONFIG_HOME, DOCKER_CONFIG } = process.env
  const paths = [
    REGISTRY_AUTH_FILE,
    XDG_RUNTIME_DIR && join(XDG_RUNTIME_DIR, 'containers', 'auth.json'),
    join(XDG_CONFIG_HOME || join(homedir(), '.config'), 'containers', 'auth.json'),
    join(DOCKER_CONFIG || join(homedir(), '.docker'), 'config.json'),
  ]
  const files = await Promise.all(paths.map((path) => (path ? readAuthFile(path) : undefined)))
  return files.filter((file) => file !== undefined)
}

async function readAuthFile(path: string): Promise<object | undefined> {
  const bytes = await readFile(path, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    if (code === 'ENOENT') return undefined
    throw unreadable(path, String(code))
  })
  if (bytes === undefined) return undefined
  return parseAuthFile(bytes, path)
}

/** @throws {ExpectedError} INPUT_UNREADABLE */
export function parseAuthFile(text: string, where: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    throw unreadable(where, 'not JSON')
  }
  throw unreadable(where, 'not a JSON object')
}

function unreadable(where: string, problem: string): ExpectedError {
  return new ExpectedError('INPUT_UNREADABLE', `${where}: credentials cannot be read: ${problem}`)
}
