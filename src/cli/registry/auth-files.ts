import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ExpectedError } from '../../errors.ts'
import type { AuthFile } from '../../registry/auth/credentials.ts'

/**
 * The credential files of this user that are there, first the one that counts most: `REGISTRY_AUTH_FILE`, those of
 * podman and skopeo, docker's. Source: containers-auth.json(5).
 *
 * @throws {ExpectedError} INPUT_UNREADABLE, never quoting what a file holds.
 */
export async function readAuthFiles(): Promise<AuthFile[]> {
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

async function readAuthFile(path: string): Promise<AuthFile | undefined> {
  const bytes = await readFile(path, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    if (code === 'ENOENT') return undefined
    throw unreadable(path, String(code))
  })
  if (bytes === undefined) return undefined
  return parseAuthFile(bytes, path)
}

/** What a text says of credentials, each part of the shape that it must have. @throws {ExpectedError} INPUT_UNREADABLE */
export function parseAuthFile(text: string, where: string): AuthFile {
  const value = parse(text, where)
  const { auths, credHelpers, credsStore } = tableIn(value, 'the whole', where)
  const entries = Object.entries(tableIn(auths, 'auths', where))
  const helpers = Object.entries(tableIn(credHelpers, 'credHelpers', where))
  return {
    auths: Object.fromEntries(entries.map(([host, entry]) => [host, textsIn(entry, `auths, ${host}`, where)])),
    credHelpers: Object.fromEntries(helpers.map(([host, name]) => [host, textIn(name, `credHelpers, ${host}`, where)])),
    ...(credsStore !== undefined && { credsStore: textIn(credsStore, 'credsStore', where) }),
  }
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw unreadable(where, 'not JSON')
  }
}

/** Tools leave null where there is nothing. */
function tableIn(value: unknown, name: string, where: string): Record<string, unknown> {
  if (value === undefined || (value === null && name !== 'the whole')) return {}
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw unreadable(where, name === 'the whole' ? 'not a JSON object' : `${name}: not an object`)
}

/** The texts of an entry; what else stands there is of other tools. */
function textsIn(value: unknown, name: string, where: string): Record<string, string> {
  const known = Object.entries(tableIn(value, name, where)).filter(([key]) => CREDENTIALS.has(key))
  const given = known.filter(([, text]) => text !== null)
  return Object.fromEntries(given.map(([key, text]) => [key, textIn(text, `${name}, ${key}`, where)]))
}

const CREDENTIALS = new Set(['auth', 'username', 'password', 'identitytoken', 'registrytoken'])

function textIn(value: unknown, name: string, where: string): string {
  if (typeof value === 'string') return value
  throw unreadable(where, `${name}: not a text`)
}

function unreadable(where: string, problem: string): ExpectedError {
  return new ExpectedError('INPUT_UNREADABLE', `${where}: credentials cannot be read: ${problem}`, {
    hint: `Correct ${where}; or move it away and log in anew (docker login REGISTRY, podman login REGISTRY).`,
  })
}
