import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { tool, toolEnvironment } from '../support/debian.ts'
import { kubectlAs, type Said } from './kubectl.ts'
import { CONTROL_PLANE, forwardService } from './node-network.ts'
import { eventually, type ProcessGroup } from './process-group.ts'

const run = promisify(execFile)
const PORT = 6443
const SERVER = `https://${CONTROL_PLANE}:${PORT}`
const VERBOSITY = '--v=1'

/** Who may speak to the API server; a token is the user's name. */
const USERS = [
  'admin,admin,admin,system:masters',
  'auditor,auditor,auditor',
  ...['a', 'b', 'c', 'd', 'e'].map((n) => `node-${n},system:node:node-${n},${n},system:nodes`),
]

/** A Kubernetes control plane. */
export interface ControlPlane {
  /** Of the user who may do everything. */
  readonly kubeconfig: string
  /** `https://…`, and the certificate that it shows (PEM file). */
  readonly server: { readonly url: string; readonly certificate: string }
  /** Of a node's kubelet, or of whomever else the API server knows. */
  kubeconfigOf(user: string): Promise<string>
  kubectl(...args: readonly string[]): Promise<string>
  /** For so many seconds the API server takes connections, and answers nobody. */
  pause(seconds: number): Promise<void>
  /** The same, with what it said on stderr. */
  kubectlSays(...args: readonly string[]): Promise<Said>
  serverVersion(): Promise<{ readonly minor: string }>
  /** Adds a manifest; gives what kubectl said, on both streams. */
  apply(manifest: object | string, ...args: readonly string[]): Promise<string>
  /** The object that `kubectl get` finds. */
  // biome-ignore lint/suspicious/noExplicitAny: objects of the API, read by checks only
  get(...args: readonly string[]): Promise<any>
}

export async function startControlPlane(
  binaries: string,
  directory: string,
  processes: ProcessGroup,
): Promise<ControlPlane> {
  await mkdir(directory, { recursive: true })
  const file = (name: string) => join(directory, name)
  const program = (name: string) => join(binaries, name)
  await run(tool('openssl'), ['genrsa', '-out', file('sa.key'), '2048'], { env: toolEnvironment() })
  await writeFile(file('tokens.csv'), `${USERS.join('\n')}\n`)
  const kubeconfigOf = async (user: string) => {
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'live', cluster: { server: SERVER, 'insecure-skip-tls-verify': true } }],
      users: [{ name: user, user: { token: user } }],
      contexts: [{ name: 'live', context: { cluster: 'live', user } }],
      'current-context': 'live',
    }
    await writeFile(file(`${user}.kubeconfig`), JSON.stringify(config))
    return file(`${user}.kubeconfig`)
  }
  const certificate = join(file('certs'), 'apiserver.crt')
  const kubeconfig = await kubeconfigOf('admin')
  processes.start('etcd', program('etcd'), [
    ...['--data-dir', file('etcd'), '--listen-client-urls', 'http://127.0.0.1:2379'],
    ...['--advertise-client-urls', 'http://127.0.0.1:2379', '--listen-peer-urls', 'http://127.0.0.1:2380'],
    '--unsafe-no-fsync',
  ])
  const gates = '--feature-gates=MutatingAdmissionPolicy=true,ImageVolume=true'
  const apiServer = processes.start('kube-apiserver', program('kube-apiserver'), [
    ...['--etcd-servers=http://127.0.0.1:2379', `--secure-port=${PORT}`, `--advertise-address=${CONTROL_PLANE}`],
    ...[`--cert-dir=${file('certs')}`, `--token-auth-file=${file('tokens.csv')}`, '--authorization-mode=Node,RBAC'],
    ...['--enable-admission-plugins=NodeRestriction', '--service-cluster-ip-range=10.96.0.0/24'],
    ...[`--service-account-key-file=${file('sa.key')}`, `--service-account-signing-key-file=${file('sa.key')}`],
    ...['--service-account-issuer=https://kubernetes.default.svc', gates, VERBOSITY],
    '--runtime-config=admissionregistration.k8s.io/v1beta1=true,admissionregistration.k8s.io/v1alpha1=true',
    ...[`--audit-policy-file=${await auditPolicy(file('audit-policy.yaml'))}`, `--audit-log-path=${file('audit.log')}`],
    ...['--kubelet-preferred-address-types=InternalIP', '--allow-privileged=true', '--endpoint-reconciler-type=none'],
  ])
  const kubectlSays = (...args: readonly string[]) => kubectlAs(kubeconfig, ...args)
  const kubectl = async (...args: readonly string[]) => (await kubectlSays(...args)).stdout
  await eventually(() => kubectl('get', '--raw', '/readyz'))
  await forwardService(PORT)
  processes.start('kube-controller-manager', program('kube-controller-manager'), [
    ...[`--kubeconfig=${kubeconfig}`, `--service-account-private-key-file=${file('sa.key')}`, '--leader-elect=false'],
    `--root-ca-file=${certificate}`,
    ...[`--cert-dir=${file('manager-certs')}`, '--node-monitor-grace-period=20s', VERBOSITY],
  ])
  processes.start('kube-scheduler', program('kube-scheduler'), [
    ...[`--kubeconfig=${kubeconfig}`, '--leader-elect=false', VERBOSITY],
  ])
  await eventually(() => kubectl('get', 'serviceaccount', 'default'))
  return {
    kubeconfig,
    server: { url: SERVER, certificate },
    kubeconfigOf,
    pause: async (seconds) => {
      apiServer.kill('SIGSTOP')
      await sleep(seconds * 1000)
      apiServer.kill('SIGCONT')
      await eventually(() => kubectl('get', '--raw', '/readyz'))
    },
    kubectl,
    kubectlSays,
    serverVersion: async () => JSON.parse(await kubectl('get', '--raw', '/version')),
    apply: async (manifest, ...args) => {
      const path = file(`manifest-${process.hrtime.bigint()}.yaml`)
      await writeFile(path, typeof manifest === 'string' ? manifest : JSON.stringify(manifest))
      const { stdout, stderr } = await kubectlSays('apply', '-f', path, ...args)
      return stdout + stderr
    },
    get: async (...args) => JSON.parse(await kubectl('get', ...args, '--output', 'json')),
  }
}

/** Every request by its line, with the annotations that admission leaves. */
async function auditPolicy(path: string): Promise<string> {
  await writeFile(path, 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n')
  return path
}
