import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ExpectedError } from '../../errors.ts'
import type { AuthFile } from '../../registry/auth/credentials.ts'
import { say } from '../output/streams.ts'

/**
 * The credential files of this user that are there, first the one that counts most: `REGISTRY_AUTH_FILE`, the text of
 * `DOCKER_AUTH_CONFIG`, the files of podman and skopeo, docker's. A place that the environment names and that is not there
 * is said. Sources: containers-auth.json(5); docker/cli, cli/config/configfile; GitLab Runner.
 *
 * @throws {ExpectedError} INPUT_UNREADABLE, never quoting what a file holds.
 */
export async function readAuthFiles(): Promise<AuthFile[]> {
  const { REGISTRY_AUTH_FILE, DOCKER_AUTH_CONFIG, XDG_RUNTIME_DIR, XDG_CONFIG_HOME, DOCKER_CONFIG } = process.env
  const files = [
    REGISTRY_AUTH_FILE ? await readAuthFile(REGISTRY_AUTH_FILE) : undefined,
    DOCKER_AUTH_CONFIG ? parseAuthFile(DOCKER_AUTH_CONFIG, 'DOCKER_AUTH_CONFIG') : undefined,
    XDG_RUNTIME_DIR ? await readAuthFile(join(XDG_RUNTIME_DIR, 'containers', 'auth.json')) : undefined,
    await readAuthFile(join(XDG_CONFIG_HOME || join(homedir(), '.config'), 'containers', 'auth.json')),
    await readAuthFile(join(DOCKER_CONFIG || join(homedir(), '.docker'), 'config.json')),
  ]
  if (REGISTRY_AUTH_FILE && !files[0]) sayMissing('REGISTRY_AUTH_FILE', REGISTRY_AUTH_FILE)
  if (DOCKER_CONFIG && !existsSync(DOCKER_CONFIG)) sayMissing('DOCKER_CONFIG', DOCKER_CONFIG)
  return files.filter((file) => file !== undefined)
}

function sayMissing(variable: string, path: string): void {
  say(`${variable} names ${path}, which is not there: no credentials are taken from it`)
}

async function readAuthFile(path: string): Promise<AuthFile | undefined> {
  const text = await readFile(path, 'utf8').catch(({ code }: NodeJS.ErrnoException) => {
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw unreadable(path, String(code))
  })
  return text === undefined ? undefined : parseAuthFile(text, path)
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

/** Docker takes an empty file for one without entries, and some editors of Windows begin files with a mark. */
function parse(text: string, where: string): unknown {
  const content = text.replace(/^\uFEFF/, '').trim()
  if (content === '') return {}
  try {
    return JSON.parse(content)
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
