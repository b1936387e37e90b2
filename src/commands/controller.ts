import { hostname } from 'node:os'
import { BaseCommand } from '../cli/base-command.ts'
import { controllerFlags } from '../cli/controller/controller-flags.ts'
import { writeController } from '../cli/controller/controller-in-cluster.ts'
import { Controller } from '../cli/controller/run-controller.ts'
import { say } from '../cli/output/streams.ts'
import { untilStopped } from '../cli/signals.ts'
import { paragraph } from '../cli/texts/paragraph.ts'
import { readText } from '../cli/texts/read-text.ts'
import { type ApiAccess, ApiClient } from '../cluster/api/api-client.ts'
import { serviceAccount, tokenOf } from '../cluster/api/service-account.ts'
import { ExpectedError } from '../errors.ts'
import { listen } from '../server/http/listen.ts'
import { parseListenAddress } from '../server/http/listen-address.ts'
import { textService } from '../server/http/text-service.ts'

export default class ControllerCommand extends BaseCommand {
  static override summary =
    'in the cluster: label nodes as their seeding pods report, and take their startup taint away'
  static override description =
    paragraph(`A node gets the labels of its sets as soon as all its images are there, and loses its taint
nodeseed.dev/not-seeded; it loses the labels when images are gone. So a node that joins is seeded without any command.
Of several replicas one acts, by a Lease; /metrics says how far nodes are. It needs no kubectl.`)
  static override examples = [
    '<%= config.bin %> <%= command.id %> --in-cluster controller --sandbox-image registry.k8s.io/pause:3.10 --bundle-path /var/lib/nodeseed/shop.tar',
  ]
  static override flags = controllerFlags

  async run(): Promise<unknown> {
    const { flags } = await this.parse(ControllerCommand)
    const directory = flags['in-cluster']
    if (directory !== undefined) {
      this.log(await writeController(directory, flags))
      return { directory }
    }
    const client = new ApiClient(await accessOf(flags))
    const identity = process.env.POD_NAME ?? hostname()
    const controller = new Controller(client, { namespace: flags.namespace, identity, grace: flags.grace, say })
    const texts = { '/healthz': () => 'ok\n', '/metrics': () => controller.metrics() }
    const server = await listen(textService(texts), { endpoint: parseListenAddress(flags.listen) })
    const stopped = untilStopped(() => {})
    say(`metrics at http://${server.address}/metrics`)
    const end = new AbortController()
    const running = controller.run(end.signal)
    await Promise.race([stopped, running])
    end.abort()
    await running
    await server.close()
    client.close()
    return undefined
  }
}

async function accessOf(flags: {
  server: string | undefined
  'token-file': string | undefined
  'ca-file': string | undefined
}): Promise<ApiAccess> {
  const { server, 'token-file': token, 'ca-file': ca } = flags
  if (server === undefined) return serviceAccount(process.env)
  if (!/^https?:$/.test(URL.parse(server)?.protocol ?? '')) {
    throw new ExpectedError('USAGE', `--server ${JSON.stringify(server)}: not the address of an API server`, {
      hint: 'Write https://HOST:PORT; in a pod leave --server out.',
    })
  }
  return {
    server,
    token: token === undefined ? async () => undefined : tokenOf(token),
    ca: ca === undefined ? undefined : await readText(ca),
  }
}
