import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { tool, toolEnvironment } from './debian.ts'

/** A real registry, the distribution project's, on a free port of 127.0.0.1. */
export interface DockerRegistry {
  /** `127.0.0.1:<port>`. */
  readonly host: string
  readonly pid: number | undefined
  stop(): Promise<void>
}

/** `htpasswd` is the path of such a file; `token` the realm of a token server and its certificate. */
export type RegistryAuth =
  | { readonly htpasswd: string }
  | { readonly token: { readonly realm: string; readonly certificate: string } }

/** Starts a registry over `directory`; several may share one. With `proxy`, a URL, it pulls through from there. */
export async function startDockerRegistry(
  directory: string,
  auth?: RegistryAuth,
  proxy?: string,
): Promise<DockerRegistry> {
  const config = join(directory, `config-${auth ? Object.keys(auth)[0] : 'anonymous'}.json`)
  await writeFile(
    config,
    JSON.stringify({
      version: '0.1',
      log: { level: 'info', accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: join(directory, 'storage') } },
      http: { addr: '127.0.0.1:0' },
      ...(auth && { auth: authConfig(auth) }),
      ...(proxy && { proxy: { remoteurl: proxy } }),
    }),
  )
  const child = spawn(tool('docker-registry'), ['serve', config], {
    env: { ...toolEnvironment(), OTEL_TRACES_EXPORTER: 'none' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const lines = createInterface(child.stderr)
  const host = await new Promise<string>((resolve, reject) => {
    const said: string[] = []
    lines.on('line', (line) => {
      said.push(line)
      const [, address] = /listening on (127\.0\.0\.1:\d+)/.exec(line) ?? []
      if (address) resolve(address)
    })
    child.on('exit', () => reject(new Error(`docker-registry ended: ${said.join('\n')}`)))
  })
  return {
    host,
    pid: child.pid,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill()
      await once(child, 'exit')
    },
  }
}

function authConfig(auth: RegistryAuth): object {
  if ('htpasswd' in auth) return { htpasswd: { realm: 'test', path: auth.htpasswd } }
  const { realm, certificate } = auth.token
  return { token: { realm, service: 'test', issuer: 'test', rootcertbundle: certificate } }
}
