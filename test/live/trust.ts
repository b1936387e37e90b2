import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { kubectlAs } from './kubectl.ts'
import { type LiveCluster, nodeseed, pod } from './live-cluster.ts'

const ROLE = fileURLToPath(new URL('../../examples/audit/read-only.yaml', import.meta.url))

/** Who may say that a node is seeded. */
export async function checkTrust(live: LiveCluster): Promise<void> {
  const { report, nodes } = live
  const [{ name }] = nodes
  const node = await live.kubeconfigOf(name)
  await report.check('a node can forge an ordinary label, and none below node-restriction.kubernetes.io', async () => {
    await kubectlAs(node, 'label', 'node', name, 'images.nodeseed.dev/0123456789abcdef=seeded')
    const forged = kubectlAs(node, 'label', 'node', name, 'images.node-restriction.kubernetes.io/0123=seeded')
    await assert.rejects(forged, /is not allowed to modify labels/)
    await live.kubectl('label', 'node', name, 'images.nodeseed.dev/0123456789abcdef-')
  })
  await report.check('a node cannot label another one', async () => {
    const other = kubectlAs(node, 'label', 'node', nodes[1].name, 'images.nodeseed.dev/0123=seeded')
    await assert.rejects(other, /only its own Node object|is not allowed to modify node/)
  })
  await report.check(
    'an audit says what it may not read, and does with the read-only role of the examples',
    async () => {
      const stranger = { ...live, kubeconfig: await live.kubeconfigOf('auditor') }
      const denied = await nodeseed(stranger, 'audit', '--cluster')
      assert.match(denied.stderr, /nodes is forbidden.*read-only\.yaml/s)
      assert.equal(denied.exitCode, 3)
      const auditor = await asAuditor(live)
      await live.apply(pod('never', 'web:1'))
      const { stderr, stdout } = await nodeseed(auditor, 'audit', '--cluster', '--fail-on', 'impossible')
      assert.match(stderr, /the audit goes on without: GET \S+configz: 403/)
      assert.match(stdout, /impossible.*Pod shop\/never/)
      await live.kubectl('delete', 'pod', 'never', '--namespace', 'shop')
    },
  )
}

/** The cluster as somebody who has the read-only role of the examples, and no other. */
export async function asAuditor(live: LiveCluster): Promise<LiveCluster> {
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'auditor' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'nodeseed-audit' },
    subjects: [{ kind: 'User', name: 'auditor', apiGroup: 'rbac.authorization.k8s.io' }],
  }
  await live.kubectl('apply', '-f', ROLE, '--validate=strict')
  await live.apply(binding)
  return { ...live, kubeconfig: await live.kubeconfigOf('auditor') }
}
