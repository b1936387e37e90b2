// Repeats against a real Kubernetes what the tests can only show with kubectl, types and a server of their own: whether
// the API server takes what nodeseed writes, whether admission does what the guard says, and whether the seeding pods
// run under a real kubelet.
//   npm run live -- [BINARIES] [--only PART] [--program FILE] [--keep]     (as root, on Linux; some minutes)
// BINARIES is a directory with kube-apiserver, kube-controller-manager, kube-scheduler and kubelet, etcd, and cni/ with the
// plugins bridge, host-local and loopback. Without it Kubernetes is built once by Go and kept outside of the repository,
// see programs.ts; etcd and the plugins are Debian's. containerd, runc and kubectl are those that the tests unpack;
// NODESEED_TOOLS=/opt/containerd-2.4/bin takes another containerd. Everything runs in namespaces of its own: no address,
// mount or process of this machine is touched. With --keep the cluster stays until the run is interrupted.
// --program is what npm run build:binary makes; without it the registry in the cluster is only applied, not run.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { liveChecks } from './checks.ts'
import { CGROUP } from './live-node.ts'
import { findPrograms } from './programs.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    keep: { type: 'boolean', default: false },
    only: { type: 'string' },
    program: { type: 'string' },
    inside: { type: 'boolean' },
  },
})
if (process.getuid?.() !== 0) {
  console.error('usage, as root: npm run live -- [BINARIES] [--only PART] [--program FILE] [--keep]')
  process.exit(2)
}
const [named] = positionals
const binaries = named === undefined ? await findPrograms() : resolve(named)
process.exitCode = values.inside ? await inside(binaries) : await outside(binaries)

/** Runs itself again as the first process of its own namespaces: when it ends, so does all that it started. */
async function outside(programs: string): Promise<number> {
  const script = [
    'ip link set lo up',
    'ip link add name live0 type bridge',
    'ip link set live0 up',
    ...['1', '2', '3', '254'].map((last) => `ip address add 10.77.0.${last}/24 dev live0`),
    'exec "$@"',
  ].join(' && ')
  const options = process.argv.slice(2).filter((word) => word !== named)
  const self = [process.execPath, fileURLToPath(import.meta.url), programs, ...options, '--inside']
  const child = spawn(
    'unshare',
    ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', script, 'sh', ...self],
    { stdio: 'inherit' },
  )
  process.on('SIGINT', () => {}) // the child decides when to end
  const [code] = (await once(child, 'exit')) as [number | null]
  // Control groups outlive the processes in them. Only empty ones can be removed.
  spawnSync('find', ['/sys/fs/cgroup', '-depth', '-type', 'd', '-path', `*${CGROUP}*`, '-exec', 'rmdir', '{}', ';'])
  return code ?? 1
}

async function inside(programs: string): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'nodeseed-live-'))
  const code = await liveChecks(programs, directory, { only: values.only, program: values.program, keep: values.keep })
  if (code === 0) await rm(directory, { recursive: true, force: true })
  else console.log(`What the servers said is in ${join(directory, 'logs')}`)
  return code
}
