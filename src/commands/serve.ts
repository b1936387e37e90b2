import { hostname } from 'node:os'
import { basename } from 'node:path'
import { Args, Flags } from '@oclif/core'
import { BaseCommand } from '../cli/base-command.ts'
import { durationFlag } from '../cli/duration-flag.ts'
import { readText } from '../cli/inputs.ts'
import { writeOutputDirectory } from '../cli/output-directory.ts'
import { untilStopped } from '../cli/signals.ts'
import { ExpectedError } from '../errors.ts'
import { TOOL_MACHINES, type ToolArchitecture, toolsAmong } from '../inventory.ts'
import { openBundle } from '../layout/bundle-file.ts'
import { REGISTRY_LABEL, serveResources } from '../seed/serve-resources.ts'
import { parseCredentials } from '../server/basic-auth.ts'
import { BundleContent } from '../server/bundle-content.ts'
import { parseEndpoint, passedSocket } from '../server/endpoint.ts'
import { type Mirror, mirrorFiles } from '../server/node-config.ts'
import { type RegistryServer, startRegistryServer } from '../server/registry-server.ts'
import { namesOfThisMachine, ownKeyPair, readKeyPair } from '../server/tls-files.ts'

export default class Serve extends BaseCommand {
  static override summary = 'answer as a registry, read-only, straight from bundle files'
  static override description =
    `Stands in for every upstream registry of the bundles at once: nodes ask it with ?ns= (containerd), with the upstream
in the path (CRI-O) or with the bare name. Of several files a later one wins where both have a tag, so a delta can
follow its base. SIGHUP opens the files and the certificate again; SIGTERM lets downloads end, then stops.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop.tar',
    '<%= config.bin %> <%= command.id %> base.tar delta.tar --listen :5000 --tls-directory /etc/nodeseed',
    '<%= config.bin %> <%= command.id %> shop.tar --listen :5000 --users users.txt --advertise http://10.0.0.5:5000',
  ]
  static override strict = false
  static override args = { file: Args.string({ description: 'bundle', required: true }) }
  static override flags = {
    listen: Flags.string({ description: 'address and port', default: '127.0.0.1:5000', helpValue: 'HOST:PORT' }),
    advertise: Flags.string({ description: 'how nodes reach this server', helpValue: 'URL' }),
    peer: Flags.string({
      description: 'peer-to-peer cache on each node, which containerd asks first',
      helpValue: 'URL',
    }),
    'tls-cert': Flags.string({ description: 'certificate chain, PEM', helpValue: 'FILE', dependsOn: ['tls-key'] }),
    'tls-key': Flags.string({ description: 'its private key, PEM', helpValue: 'FILE', dependsOn: ['tls-cert'] }),
    'tls-directory': Flags.string({
      description: 'where tls.crt and tls.key are; made there for this machine when they are not',
      helpValue: 'DIR',
      exclusive: ['tls-cert'],
    }),
    users: Flags.string({ description: 'who may read: lines of user:password', helpValue: 'FILE' }),
    'access-log': Flags.boolean({ description: 'a line on stderr for each request', default: true, allowNo: true }),
    'in-cluster': Flags.string({
      description: 'do not serve: write to DIR what runs this in the cluster, from a bundle that carries the program',
      helpValue: 'DIR',
      dependsOn: ['sandbox-image'],
    }),
    'sandbox-image': Flags.string({ description: 'the sandbox (pause) image of the nodes', helpValue: 'REF' }),
    'bundle-path': Flags.string({ description: 'where the bundle lies on nodes or in the claim', helpValue: 'PATH' }),
    claim: Flags.string({ description: 'PersistentVolumeClaim that holds the bundle', helpValue: 'NAME' }),
    replicas: Flags.integer({ description: 'how many servers', default: 2, min: 1 }),
    'node-port': Flags.integer({ description: 'port of every node', default: 30500, min: 1, max: 65535 }),
    arch: Flags.option({
      options: Object.keys(TOOL_MACHINES) as ToolArchitecture[],
      description: 'run the build of the carried program for this architecture, on nodes of it',
      default: 'amd64',
    })(),
    grace: durationFlag({ description: 'how long downloads may take to end on SIGTERM', default: 30_000 }),
  }

  async run(): Promise<unknown> {
    const { argv, flags } = await this.parse(Serve)
    if (flags['in-cluster']) return this.#writeResources(argv as string[], flags['in-cluster'], flags)
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
    this.#announce(server, {
      url,
      peer: flags.peer,
      needsPassword: authorize !== undefined,
      caFile: flags['tls-directory'] ? '/etc/nodeseed/tls.crt' : undefined,
    })
    await untilStopped(() => this.#reload(server))
    await server.stop(flags.grace)
    return undefined
  }

  async #writeResources(
    files: readonly string[],
    directory: string,
    flags: InClusterFlags,
  ): Promise<{ directory: string; url: string }> {
    const { claim, replicas, arch } = flags
    if (files[0]) await checkTool(files[0], arch)
    const bundlePath = flags['bundle-path'] ?? `${claim ? '' : '/var/lib/nodeseed'}/${basename(files[0] ?? '')}`
    const resources = serveResources({
      namespace: 'nodeseed',
      sandboxImage: flags['sandbox-image'] ?? '',
      bundlePath,
      claim,
      replicas,
      nodePort: flags['node-port'],
      architecture: arch,
    })
    await writeOutputDirectory(directory, resources, { force: true, marker: 'registry.yaml' })
    const url = `http://NODE-ADDRESS:${flags['node-port']}`
    this.log(`Written to ${directory}. What comes next:
  1. copy a bundle made with --with-tool to ${bundlePath} ${claim ? `in the claim ${claim}` : 'of the nodes that shall serve it'}
${claim ? '' : `     kubectl label node NODE ${REGISTRY_LABEL}=here\n`}  2. kubectl apply -k ${directory}
  3. point every node's runtime at ${url} (what nodeseed serve prints, with --advertise ${url})`)
    return { directory, url }
  }

  #announce(server: RegistryServer, mirror: Mirror): void {
    const { url, caFile } = mirror
    const repositories = server.content.repositories()
    const domains = [...new Set(repositories.map((repository) => repository.slice(0, repository.indexOf('/'))))]
    const nodeFiles = mirrorFiles(mirror, domains)
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

interface InClusterFlags {
  readonly 'sandbox-image'?: string | undefined
  readonly 'bundle-path'?: string | undefined
  readonly claim?: string | undefined
  readonly replicas: number
  readonly 'node-port': number
  readonly arch: ToolArchitecture
}

/** What the pods unpack must be in the bundle. Where the bundle is not here, nobody can tell. */
async function checkTool(file: string, architecture: ToolArchitecture): Promise<void> {
  const bundle = await openBundle(file).catch((error: unknown) => {
    if (error instanceof ExpectedError && error.code === 'INPUT_NOT_FOUND') return undefined
    throw error
  })
  if (!bundle) return
  await bundle.close()
  if (toolsAmong(bundle.table.files).includes(architecture)) return
  throw new ExpectedError('USAGE', `${file} carries no nodeseed for ${architecture}`, {
    hint: 'Bundle again with --tool FILE, a build that npm run build:binary makes, or choose another --arch.',
  })
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
