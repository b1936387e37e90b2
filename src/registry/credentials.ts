/** What to show a registry: a user, or docker's identity token, which is a refresh token. */
export type Credentials = { readonly username: string; readonly password: string } | { readonly identityToken: string }

/** Finds the credentials for a repository on a host; undefined means anonymous. */
export type FindCredentials = (host: string, repository: string) => Promise<Credentials | undefined>

/** The shape of docker's config.json and of containers' auth.json, as far as it concerns credentials. */
export interface AuthFile {
  readonly auths?: Readonly<Record<string, AuthEntry>>
}

interface AuthEntry {
  readonly auth?: string
  readonly username?: string
  readonly password?: string
  readonly identitytoken?: string
}

/** The names under which tools keep Docker Hub's credentials. */
const DOCKER_HUB_KEYS = ['docker.io', 'index.docker.io', 'registry-1.docker.io']

/**
 * The entry of an auth file for a repository: the longest `host/path` that leads to it, else the host itself.
 * Keys may be URLs (`https://index.docker.io/v1/`). Source: containers-auth.json(5), docker's config.json.
 */
export function findCredentials({ auths = {} }: AuthFile, host: string, repository: string): Credentials | undefined {
  const entries = new Map(Object.entries(auths).map(([key, entry]) => [plainKey(key), entry]))
  const hosts = DOCKER_HUB_KEYS.includes(host) ? DOCKER_HUB_KEYS : [host]
  const parts = repository.split('/')
  for (let length = parts.length; length >= 0; length--) {
    for (const name of hosts) {
      const found = readEntry(entries.get([name, ...parts.slice(0, length)].join('/')))
      if (found) return found
    }
  }
  return undefined
}

/** `https://index.docker.io/v1/` is written for `index.docker.io`. */
function plainKey(key: string): string {
  const bare = key.replace(/^https?:\/\//, '').replace(/\/+$/, '')
  return bare === key ? key : bare.replace(/\/v[12]$/, '')
}

function readEntry(entry: AuthEntry | undefined): Credentials | undefined {
  if (entry?.identitytoken) return { identityToken: entry.identitytoken }
  if (entry?.auth) {
    const [username = '', ...password] = Buffer.from(entry.auth, 'base64').toString('utf8').split(':')
    return toCredentials(username, password.join(':').replace(/\0+$/, ''))
  }
  return entry?.username ? toCredentials(entry.username, entry.password ?? '') : undefined
}

/** Credential helpers give an identity token under the user name `<token>`. */
export function toCredentials(username: string, password: string): Credentials {
  return username === '<token>' ? { identityToken: password } : { username, password }
}
