import { execFile } from 'node:child_process'
import { readlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { promisify } from 'node:util'
import { eventually } from './process-group.ts'

const run = promisify(execFile)

/** Where the control plane is, for nodes and for this run. */
export const CONTROL_PLANE = '10.77.0.254'
/** The first address of the services, which is that of the API server for pods. */
const SERVICE = '10.96.0.1'

const BRIDGE = 'live0'

/** What makes the network of the run, as a shell script: a bridge, and the two addresses of the control plane on it. */
export const MAKE_NETWORK = [
  'ip link set lo up',
  `ip link add name ${BRIDGE} type bridge`,
  `ip link set ${BRIDGE} up`,
  `ip address add ${CONTROL_PLANE}/24 dev ${BRIDGE}`,
  `ip address add ${SERVICE}/32 dev ${BRIDGE}`,
  'echo 1 >/proc/sys/net/ipv4/ip_forward',
].join(' && ')

/** In the namespace of a node, before anything is started there. */
export const WAIT_FOR_LINK = 'until ip route show default | grep -q eth0; do sleep 0.1; done'

/** The network of a node's pods. */
export const podSubnet = (offset: number) => `10.88.${offset}.0/24`

/** Joins the network namespace of a process to the bridge: ports of the host's network are the node's own. */
export async function connectNode(
  pid: number,
  { address, offset }: { address: string; offset: number },
): Promise<void> {
  const own = await readlink('/proc/self/ns/net')
  await eventually(async () => ((await readlink(`/proc/${pid}/ns/net`)) === own ? undefined : true), { every: 50 })
  const inside = (...words: string[]) => run('nsenter', ['--target', String(pid), '--net', ...words])
  await run('ip', ['link', 'add', `node${offset}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid)])
  await run('ip', ['link', 'set', `node${offset}`, 'master', BRIDGE, 'up'])
  await inside('ip', 'link', 'set', 'lo', 'up')
  await inside('ip', 'address', 'add', `${address}/24`, 'dev', 'eth0')
  await inside('ip', 'link', 'set', 'eth0', 'up')
  await inside('ip', 'route', 'add', 'default', 'via', CONTROL_PLANE)
  await run('ip', ['route', 'add', podSubnet(offset), 'via', address])
}

/** The service `kubernetes`, which nothing else routes here. */
export async function forwardService(to: number): Promise<Server> {
  const server = createServer((socket) => {
    const upstream = connect(to, CONTROL_PLANE)
    const end = () => {
      socket.destroy()
      upstream.destroy()
    }
    for (const one of [socket, upstream]) one.on('error', end).on('close', end)
    socket.pipe(upstream).pipe(socket)
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(443, SERVICE, resolve))
  server.unref()
  return server
}
