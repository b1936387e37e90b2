import { SettingError } from '../../errors.ts'

/**
 * What to show a registry: a user; docker's identity token, which is a refresh token for its token server; or a token that
 * the registry takes as it is.
 */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string }
  | { readonly registryToken: string }

/** Finds the credentials for a repository on a host; undefined means anonymous. */
export interface FindCredentials {
  (host: string, repository: string): Promise<Credentials | undefined>
  /** Looks whether the entry that counts can be read, before anybody asks for it. @throws {SettingError} */
  readonly check?: (host: string, repository: string) => void
}

/** The shape of docker's config.json and of containers' auth.json, as far as it concerns credentials. */
export interface AuthFile {
  readonly auths?: Readonly<Record<string, AuthEntry>>
  /** For each host, the program that knows its credentials. */
  readonly credHelpers?: Readonly<Record<string, string>>
  /** The program that knows all others. */
  readonly credsStore?: string
}

interface AuthEntry {
  readonly auth?: string
  readonly username?: string
  readonly password?: string
  readonly identitytoken?: string
  readonly registrytoken?: string
}

/** Asks `docker-credential-<helper>` for a server; undefined when it knows none. */
export type AskHelper = (helper: string, server: string) => Promise<Credentials | undefined>

/** The names under which tools keep Docker Hub's credentials. */
const DOCKER_HUB = ['docker.io', 'index.docker.io', 'registry-1.docker.io']
const DOCKER_HUB_SERVER = 'https://index.docker.io/v1/'

/**
 * Credentials from several files, the first that knows any; in each file its helper for the host, then its entries, then
 * its store. A helper runs once for each host and never beside another: some open a window.
 */
export function credentialsFrom(files: readonly AuthFile[], askHelper: AskHelper): FindCredentials {
  const answers = new Map<string, Promise<Credentials | undefined>>()
  let last: Promise<unknown> = Promise.resolve()
  const ask = (helper: string, host: string) => {
    const server = DOCKER_HUB.includes(host) ? DOCKER_HUB_SERVER : host
    const key = `${helper} ${server}`
    const known = answers.get(key)
    if (known) return known
    const answer = last.then(() => askHelper(helper, server))
    last = answer.catch(() => {})
    answers.set(key, answer)
    return answer
  }
  const check = (host: string, repository: string) => {
    for (const file of files) if (helperFor(file, host) || findEntry(file, host, repository)) return
  }
  const find = async (host: string, repository: string) => {
    for (const file of files) {
      const helper = helperFor(file, host)
      const found = helper
        ? await ask(helper, host)
        : (findEntry(file, host, repository) ?? (file.credsStore ? await ask(file.credsStore, host) : undefined))
      if (found) return found
    }
    return undefined
  }
  return Object.assign(find, { check })
}

function helperFor({ credHelpers }: AuthFile, host: string): string | undefined {
  return credHelpers && valueFor(Object.entries(credHelpers), host)
}

/**
 * The entry of an auth file for a repository: the longest `host/path` that leads to it, else the host itself.
 * Keys may be URLs (`https://index.docker.io/v1/`). Source: containers-auth.json(5), docker's config.json.
 */
export function findEntry({ auths = {} }: AuthFile, host: string, repository: string): Credentials | undefined {
  const entries = Object.entries(auths)
  const parts = repository.split('/')
  for (let length = parts.length; length >= 0; length--) {
    const found = readEntry(valueFor(entries, host, parts.slice(0, length)), host)
    if (found) return found
  }
  return undefined
}

function valueFor<T>(entries: readonly [string, T][], host: string, path: readonly string[] = []): T | undefined {
  const hosts = DOCKER_HUB.includes(host) ? DOCKER_HUB : [host]
  const keys = hosts.map((name) => [name, ...path].join('/'))
  return entries.find(([key]) => keys.includes(plainKey(key)))?.[1]
}

/** `https://index.docker.io/v1/` is written for `index.docker.io`. */
function plainKey(key: string): string {
  const bare = key.replace(/^https?:\/\//, '').replace(/\/+$/, '')
  return bare === key ? key : bare.replace(/\/v[12]$/, '')
}

/** @throws {SettingError} INPUT_INVALID where `auth` holds no user and password: nothing is shown in their place */
function readEntry(entry: AuthEntry | undefined, host: string): Credentials | undefined {
  if (entry?.registrytoken) return { registryToken: entry.registrytoken }
  if (entry?.identitytoken) return { identityToken: entry.identitytoken }
  if (entry?.auth) {
    const [username = '', ...password] = Buffer.from(entry.auth, 'base64').toString('utf8').split(':')
    if (password.length === 0) {
      throw new SettingError('INPUT_INVALID', `the credentials for ${host} are no USER:PASSWORD in base64 (auth)`, {
        hint: `Run: docker login ${host}; or correct the entry of ${host} by hand.`,
      })
    }
    return toCredentials(username, password.join(':').replace(/\0+$/, ''))
  }
  return entry?.username ? toCredentials(entry.username, entry.password ?? '') : undefined
}

/** Credential helpers give an identity token under the user name `<token>`. */
export function toCredentials(username: string, password: string): Credentials {
  return username === '<token>' ? { identityToken: password } : { username, password }
}
