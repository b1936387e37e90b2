import { Args } from '@oclif/core'
import type { Lock } from '../bundle/format/lock.ts'
import { BaseCommand } from '../cli/base-command.ts'
import { ARCHIVE } from '../cli/flags/bundle-file-flags.ts'
import { serveFlags } from '../cli/flags/serve-flags.ts'
import { say } from '../cli/output/streams.ts'
import { writeInCluster } from '../cli/serving/serve-in-cluster.ts'
import { openServedBundles } from '../cli/serving/served-bundles.ts'
import { untilStopped } from '../cli/signals.ts'
import { paragraph } from '../cli/texts/paragraph.ts'
import { readText } from '../cli/texts/read-text.ts'
import { mirrorSets } from '../kubernetes/openshift/mirror-sets.ts'
import { parseCredentials } from '../server/http/basic-auth.ts'
import {
  isLoopback,
  parseListenAddress,
  parseServerUrl,
  passedSocket,
  reachable,
} from '../server/http/listen-address.ts'
import { mirrorFiles, type RuntimeConfigFile, type ServedMirror } from '../server/node-config.ts'
import { type RegistryServer, startRegistryServer } from '../server/registry-server.ts'
import { tlsSource } from '../server/tls/tls-files.ts'

export default class Serve extends BaseCommand {
  static override summary = 'answer as a registry, read-only, straight from bundle files'
  static override description =
    paragraph(`Stands in for every upstream registry of the bundles at once: nodes ask it with ?ns= (containerd), with the upstream
in the path (CRI-O) or with the bare name. Of several files a later one wins where both have a tag, so a delta can
follow its base. SIGHUP opens the files and the certificate again, with --key no older edition of a set; SIGTERM lets downloads end, then stops.`)
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop.tar',
    '<%= config.bin %> <%= command.id %> base.tar delta.tar --listen :5000 --tls-dir /etc/nodeseed',
    '<%= config.bin %> <%= command.id %> shop.tar --listen :5000 --users users.txt --advertise http://10.0.0.5:5000',
  ]
  static override strict = false
  static override args = {
    file: Args.string({ description: ARCHIVE, required: true }),
  }
  static override flags = serveFlags

  async run(): Promise<unknown> {
    const { argv, args, flags } = await this.parse(Serve)
    const files = argv as string[]
    if (flags['in-cluster']) {
      const { url, next } = await writeInCluster(args.file, flags['in-cluster'], flags)
      this.log(next)
      return { directory: flags['in-cluster'], url }
    }
    const advertised = flags.advertise && parseServerUrl(flags.advertise, '--advertise')
    const peer = flags.peer && parseServerUrl(flags.peer, '--peer')
    const authorize = flags.users ? parseCredentials(await readText(flags.users), flags.users) : undefined
    const readTls = tlsSource({
      cert: flags['tls-cert'],
      key: flags['tls-key'],
      directory: flags['tls-dir'],
    })
    const served = new Map<string, Lock>()
    const server = await startRegistryServer(
      { open: () => openServedBundles(files, flags, served), readTls },
      {
        endpoint: passedSocket(process.env, process.pid) ?? parseListenAddress(flags.listen),
        authorize,
        onLog: flags['access-log'] ? say : undefined,
        onError: (error) => say(`error: ${(error as Error).message}`),
      },
    )
    const url = advertised ?? `${readTls ? 'https' : 'http'}://${reachable(server.address)}`
    // Before anything says that it listens: whoever reads that may stop it at once.
    const stopped = untilStopped(() => this.#reload(server))
    this.#announce(server, {
      url,
      peer,
      needsPassword: authorize !== undefined,
      caFile: flags['tls-dir'] ? '/etc/nodeseed/tls.crt' : undefined,
    })
    if (!isLoopback(server.address)) {
      if (!authorize) say(`warning: whoever reaches ${server.address} can read every image: give --users FILE`)
      if (!readTls)
        say(
          `warning: what is read at ${server.address}, and passwords, can be seen and changed on the way: give --tls-dir DIR`,
        )
    }
    await stopped
    await server.stop(flags.grace)
    return undefined
  }

  #announce(server: RegistryServer, mirror: ServedMirror): void {
    const { url, caFile } = mirror
    const repositories = server.content.repositories()
    const domains = [...new Set(repositories.map((repository) => repository.slice(0, repository.indexOf('/'))))]
    const nodeFiles = [...mirrorFiles(mirror, domains), openShiftFile(mirror, domains)]
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

/** OpenShift writes the files of its nodes itself, from resources. */
function openShiftFile({ url, caFile, needsPassword }: ServedMirror, domains: readonly string[]): RuntimeConfigFile {
  const content = mirrorSets({ url, needsCa: caFile !== undefined, needsPassword }, domains)
  return { runtime: 'OpenShift', path: 'no file of a node, but resources: oc apply -f', content }
}
