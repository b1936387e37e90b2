import { hostname } from 'node:os'
import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../cli/base-command.ts'
import { readText } from '../cli/inputs.ts'
import { untilStopped } from '../cli/signals.ts'
import { openBundle } from '../layout/bundle-file.ts'
import { parseCredentials } from '../server/basic-auth.ts'
import { BundleContent } from '../server/bundle-content.ts'
import { parseEndpoint, passedSocket } from '../server/endpoint.ts'
import { mirrorFiles } from '../server/node-config.ts'
import { type RegistryServer, startRegistryServer } from '../server/registry-server.ts'
import { namesOfThisMachine, ownKeyPair, readKeyPair } from '../server/tls-files.ts'

export default class Serve extends BaseCommand {
  static override summary = 'answer as a registry, read-only, straight from bundle files'
  static override description =
    `Stands in for every upstream registry of the bundles at once: nodes ask it with ?ns= (containerd), with the upstream
in the path (CRI-O) or with the bare name. Of several files a later one wins where both have a tag, so a delta can
follow its base. SIGHUP opens the files and the certificate again; SIGTERM lets downloads end, then stops.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop.bundle',
    '<%= config.bin %> <%= command.id %> base.bundle delta.bundle --listen :5000 --tls-directory /etc/nodeseed',
    '<%= config.bin %> <%= command.id %> shop.bundle --listen :5000 --users users.txt --advertise http://10.0.0.5:5000',
  ]
  static override strict = false
  static override args = { file: Args.string({ description: 'bundle', required: true }) }
  static override flags = {
    listen: Flags.string({ description: 'address and port', default: '127.0.0.1:5000', helpValue: 'HOST:PORT' }),
    advertise: Flags.string({ description: 'how nodes reach this server', helpValue: 'URL' }),
    'tls-cert': Flags.string({ description: 'certificate chain, PEM', helpValue: 'FILE', dependsOn: ['tls-key'] }),
    'tls-key': Flags.string({ description: 'its private key, PEM', helpValue: 'FILE', dependsOn: ['tls-cert'] }),
    'tls-directory': Flags.string({
      description: 'where tls.crt and tls.key are; made there for this machine when they are not',
      helpValue: 'DIR',
      exclusive: ['tls-cert'],
    }),
    users: Flags.string({ description: 'who may read: lines of user:password', helpValue: 'FILE' }),
    'access-log': Flags.boolean({ description: 'a line on stderr for each request', default: true, allowNo: true }),
    grace: Flags.integer({ description: 'seconds that downloads may take to end on SIGTERM', default: 30, min: 0 }),
  }

  async run(): Promise<unknown> {
    const { argv, flags } = await this.parse(Serve)
    const authorize = flags.users ? parseCredentials(await readText(flags.users), flags.users) : undefined
    const server = await startRegistryServer(
      { open: () => openContent(argv as string[]), readTls: tlsOf(flags) },
      {
        endpoint: passedSocket(process.env, process.pid) ?? parseEndpoint(flags.listen),
        authorize,
        onLog: flags['access-log'] ? say : undefined,
      },
    )
    const usesTls = Boolean(flags['tls-cert'] ?? flags['tls-directory'])
    const url = flags.advertise ?? `${usesTls ? 'https' : 'http'}://${reachable(server.address)}`
    this.#announce(server, { url, needsPassword: authorize !== undefined, hasOwnTls: Boolean(flags['tls-directory']) })
    await untilStopped(() => this.#reload(server))
    await server.stop(flags.grace * 1000)
    return undefined
  }

  #announce(
    server: RegistryServer,
    { url, needsPassword, hasOwnTls }: { url: string; needsPassword: boolean; hasOwnTls: boolean },
  ): void {
    const repositories = server.content.repositories()
    const domains = [...new Set(repositories.map((repository) => repository.slice(0, repository.indexOf('/'))))]
    const caFile = hasOwnTls ? '/etc/nodeseed/tls.crt' : undefined
    const nodeFiles = mirrorFiles({ url, caFile, needsPassword }, domains)
    if (this.jsonEnabled()) this.logJson({ address: server.address, url, repositories, nodeFiles })
    this.log(`${repositories.length} repositories of ${domains.join(', ')} at ${url} (listening on ${server.address})`)
    if (caFile) this.log(`Copy tls.crt to each node as ${caFile}.`)
    for (const { runtime, path, content } of nodeFiles) this.log(`\n# ${runtime}: ${path}\n${content}`)
  }

  async #reload(server: RegistryServer): Promise<void> {
    try {
      await server.reload()
      say(`reloaded: ${server.content.repositories().length} repositories`)
    } catch (error) {
      say(`not reloaded, going on as before: ${(error as Error).message}`)
    }
  }
}

async function openContent(files: readonly string[]) {
  const opened = await Promise.allSettled(files.map((file) => openBundle(file)))
  const bundles = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const close = async () => {
    await Promise.all(bundles.map((bundle) => bundle.close()))
  }
  const failed = opened.find((result) => result.status === 'rejected')
  if (!failed) return { content: new BundleContent(bundles), close }
  await close()
  throw failed.reason
}

function tlsOf(flags: Record<string, unknown>) {
  const { 'tls-cert': cert, 'tls-key': key, 'tls-directory': directory } = flags
  if (typeof directory === 'string') return () => ownKeyPair(directory, namesOfThisMachine())
  return typeof cert === 'string' && typeof key === 'string' ? () => readKeyPair(cert, key) : undefined
}

/** An address that listens on every interface is reached under this machine's name. */
function reachable(address: string): string {
  return address.replace(/^(?:\[::\]|0\.0\.0\.0):/, `${hostname()}:`)
}

/** The log goes on with --json too, where oclif's own stays silent. */
function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
