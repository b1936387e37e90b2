import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type AuditReport, auditCluster, auditReport } from '../../src/audit/report/report.ts'
import { planBundle } from '../../src/bundle/format/plan.ts'
import { BundleWriter } from '../../src/layout/bundle-writer.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { runCli } from '../support/cli.ts'
import { node, workload } from '../support/cluster.ts'
import { type Answer, reply, startApiServer } from '../support/cluster-api.ts'
import { testWith, tool } from '../support/debian.ts'
import { checkSchema } from '../support/schemas.ts'

const SHOP = 'examples/audit/shop.yaml'
const NODES = 'examples/audit/nodes.json'

async function temporaryFile(name: string, content = ''): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'nodeseed-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  await writeFile(join(directory, name), content)
  return join(directory, name)
}

test('the example: what is safe, what is not, and why', async () => {
  const { stdout, exitCode } = await runCli(['audit', SHOP, '--nodes', NODES])
  expect(stdout).toMatchInlineSnapshot(`
    "VERDICT     STARTS ON    PODS  WORKLOAD
    safe        2 of 2          2  Deployment shop/web
    at risk     1 of 3          3  Deployment shop/api
                edge-1, worker-2: ImageMissing: registry.example.com/shop/api:2.4 is not on the node
                (Never: ErrImageNeverPull)
                fix: add nodeSelector disk: nvme, which keeps it to worker-1
    safe        1 of 1          1  StatefulSet shop/db
    safe        4 of 4          -  DaemonSet shop/logs
    impossible  0 of 3          -  CronJob shop/report
                edge-1, worker-1, worker-2: AlwaysOffline: registry.example.com/shop/report:latest: a
                registry is asked even if the image is here (Always: ErrImagePull)
                fix: seed edge-1, worker-1, worker-2, and set imagePullPolicy: IfNotPresent

    3 safe, 1 at risk, 1 impossible
    "
  `)
  expect(exitCode).toBe(4)
})

test('--json gives each node its answer and its first reason', async () => {
  const { stdout, exitCode } = await runCli(['audit', SHOP, '--nodes', NODES, '--json'])
  const report = JSON.parse(stdout) as AuditReport
  expect(report.workloads.map(({ name, verdict, replicas }) => [name, verdict, replicas])).toEqual([
    ['web', 'safe', 2],
    ['api', 'atRisk', 3],
    ['db', 'safe', 1],
    ['logs', 'safe', null],
    ['report', 'impossible', null],
  ])
  expect(report.workloads[1]?.nodes).toEqual([
    {
      name: 'control-1',
      starts: false,
      reason: 'TaintToleration',
      message: 'untolerated taint node-role.kubernetes.io/control-plane:NoSchedule',
    },
    ...['edge-1', 'worker-1', 'worker-2'].map((name) =>
      name === 'worker-1'
        ? { name, starts: true }
        : {
            name,
            starts: false,
            reason: 'ImageMissing',
            message: 'registry.example.com/shop/api:2.4 is not on the node (Never: ErrImageNeverPull)',
          },
    ),
  ])
  expect(report.findings.map(({ code }) => code)).toContain('POLICY_ALWAYS')
  expect(exitCode).toBe(4)
})

test('--json is what its published schema says', async () => {
  await runCli(['audit', SHOP, '--nodes', NODES, '--json'])
  const nodes = Array.from({ length: 500 }, (_, index) => node(`n${index}`, { labels: { disk: `${index % 2}` } }))
  const workloads = Array.from({ length: 300 }, () => workload({ spec: { nodeSelector: { disk: '0' } } }))
  const report = auditReport(auditCluster(workloads, nodes, {}))
  const large = JSON.parse(JSON.stringify({ ...report, omissions: [] }))
  checkSchema('audit', large)
  expect(large.nodeClasses).toHaveLength(2)
  const wrong = { ...large, workloads: [{ ...large.workloads[0], verdict: 'fine' }] }
  expect(() => checkSchema('audit', wrong)).toThrow('verdict must be equal to one of')
})

test.for<[failOn: string, exitCode: number]>([
  ['unknown', 4],
  ['atRisk', 4],
  ['impossible', 4],
  ['never', 0],
])('--fail-on %s ends with %i', async ([failOn, exitCode]) => {
  const result = await runCli(['audit', SHOP, '--nodes', NODES, '--fail-on', failOn])
  expect(result.exitCode).toBe(exitCode)
})

test('SARIF has a result for each workload that is not safe, with its place', async () => {
  const file = await temporaryFile('audit.sarif')
  await runCli(['audit', SHOP, '--nodes', NODES, '--sarif', file])
  const { version, runs } = JSON.parse(await readFile(file, 'utf8'))
  const { results, tool } = runs[0]
  expect(version).toBe('2.1.0')
  expect(results[0]).toMatchObject({
    ruleId: 'WORKLOAD_AT_RISK',
    level: 'error',
    message: { text: expect.stringContaining('Deployment shop/api is at risk. edge-1, worker-2: ImageMissing') },
    locations: [{ physicalLocation: { artifactLocation: { uri: SHOP }, region: { startLine: 18 } } }],
  })
  for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex].id).toBe(ruleId)
})

test('JUnit has a test case for each workload', async () => {
  const file = await temporaryFile('audit.xml')
  await runCli(['audit', SHOP, '--nodes', NODES, '--junit', file, '--fail-on', 'impossible'])
  const xml = await readFile(file, 'utf8')
  expect(xml).toContain('<testsuite name="nodeseed audit" tests="5" failures="1" errors="0" skipped="0">')
  expect(xml).toContain(`<testcase classname="${SHOP}" name="Deployment shop/web"/>`)
  expect(xml).toMatch(/name="CronJob shop\/report">\s*<failure message="impossible" type="impossible">edge-1, worker-1/)
  expect(xml).toMatch(/name="Deployment shop\/api">\s*<system-out>at risk/)
})

test('--html writes one page that holds its data', async () => {
  const file = await temporaryFile('audit.html')
  await runCli(['audit', SHOP, '--nodes', NODES, '--html', file])
  const page = await readFile(file, 'utf8')
  expect(page).toContain('"name":"StatefulSet shop/db"')
  expect(page).not.toMatch(/\/\*(STYLE|SCRIPT|DATA)\*\//)
})

test('more is known with what the runtimes and the kubelets say', async () => {
  const api = 'registry.example.com/shop/api:2.4'
  const listing = await temporaryFile(
    'worker-2.json',
    JSON.stringify({ images: [{ id: 'x', repoTags: [api], size: '1' }] }),
  )
  const { items } = JSON.parse(await readFile(NODES, 'utf8')) as { items: { status: object; metadata: object }[] }
  // A kubelet that reports no list leaves it to the runtime.
  const silent = items.map((one) =>
    JSON.stringify(one.metadata).includes('worker-2') ? { ...one, status: { ...one.status, images: undefined } } : one,
  )
  const nodes = await temporaryFile('nodes.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: silent }))
  const verdictOf = async (...args: string[]) => {
    const { stdout } = await runCli(['audit', SHOP, '--nodes', nodes, '--json', ...args])
    const one = (JSON.parse(stdout) as AuditReport).workloads.find(({ name }) => name === 'api')
    return one?.nodes.filter(({ starts }) => starts).map((entry) => 'name' in entry && entry.name)
  }
  expect(await verdictOf()).toEqual(['worker-1'])
  expect(await verdictOf('--images', `worker-2=${listing}`)).toEqual(['worker-1', 'worker-2'])
  expect(await verdictOf('--images', dirname(listing))).toEqual(['worker-1', 'worker-2'])
  const config = 'kind: KubeletConfiguration\nimagePullCredentialsVerificationPolicy: AlwaysVerify\n'
  expect(await verdictOf('--kubelet-config', await temporaryFile('kubelet.yaml', config))).toEqual([])
  const pod = {
    metadata: { name: 'p' },
    spec: { nodeName: 'worker-1', containers: [{ resources: { requests: { pods: '1' } } }] },
  }
  const pods = {
    kind: 'List',
    apiVersion: 'v1',
    items: Array.from({ length: 110 }, () => ({ kind: 'Pod', apiVersion: 'v1', ...pod })),
  }
  expect(await verdictOf('--pods', await temporaryFile('pods.json', JSON.stringify(pods)))).toEqual([])
})

testWith(['kubectl'])('--cluster audits what a live cluster runs, through kubectl', async () => {
  const { items } = JSON.parse(await readFile(NODES, 'utf8'))
  const spec = { containers: [{ name: 'c', image: 'nginx:1.27', imagePullPolicy: 'Never' }], runtimeClassName: 'fast' }
  const labels = { app: 'web' }
  const failing = {
    metadata: {
      name: 'web-x-1',
      namespace: 'shop',
      labels: { 'pod-template-hash': 'x' },
      ownerReferences: [{ kind: 'ReplicaSet', name: 'web-x' }],
    },
    spec: { ...spec, nodeName: 'edge-1' },
    status: {
      phase: 'Pending',
      containerStatuses: [{ image: 'nginx:1.27', state: { waiting: { reason: 'ErrImageNeverPull' } } }],
    },
  }
  const lists = {
    '/api/v1/nodes': items,
    '/api/v1/pods': [failing],
    '/apis/apps/v1/deployments': [
      {
        metadata: { name: 'web', namespace: 'shop' },
        spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
      },
    ],
    '/apis/node.k8s.io/v1/runtimeclasses': [
      { metadata: { name: 'fast' }, scheduling: { nodeSelector: { 'kubernetes.io/os': 'linux' } } },
    ],
  }
  const answer: Answer = (request, response) => {
    if (!request.url?.endsWith('/proxy/configz')) return false
    reply(response, 403, 'forbidden: nodes/proxy')
    return true
  }
  const { kubeconfig } = await startApiServer(lists, { answer })
  const kubectl = `${tool('kubectl')} --kubeconfig ${kubeconfig}`
  const { stdout, stderr, exitCode } = await runCli(['audit', '--cluster', '--kubectl', kubectl, '--json'])
  const { workloads, findings } = JSON.parse(stdout) as AuditReport
  expect(workloads.map(({ name, verdict }) => [name, verdict])).toEqual([['web', 'atRisk']])
  expect(findings.find(({ code }) => code === 'LIVE_FAILURE')?.message).toContain(
    'ErrImageNeverPull of nginx:1.27 now; the audit says ImageMissing',
  )
  expect(findings.map(({ code }) => code)).not.toContain('RUNTIME_CLASS_UNKNOWN')
  expect(findings.find(({ code }) => code === 'CLUSTER_UNREAD')?.message).toContain('forbidden: nodes/proxy')
  expect([stderr, exitCode]).toEqual([expect.not.stringContaining('error'), 4])
})

test('what is safe everywhere ends with 0', async () => {
  const manifest = await temporaryFile(
    'web.yaml',
    'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {nodeName: worker-1, containers: [{name: c, image: "nginx:1.27"}]}\n',
  )
  const { stdout, exitCode } = await runCli(['audit', manifest, '--nodes', NODES])
  expect(stdout).toContain('1 safe')
  expect(exitCode).toBe(0)
})

async function bundleOf(name: string): Promise<string> {
  const blob = (mediaType: string, content: string) => ({ mediaType, digest: digestOf(content), size: content.length })
  const [layer, config] = ['layer', '{"os":"linux","architecture":"amd64"}']
  const layers = [blob(OCI_LAYER_GZIP, layer)]
  const manifest = JSON.stringify({ schemaVersion: 2, config: blob(OCI_CONFIG, config), layers })
  const target = blob(OCI_MANIFEST, manifest)
  const platforms = [
    { platform: { os: 'linux', architecture: 'amd64' }, manifest: target, config: blob(OCI_CONFIG, config), layers },
  ]
  const path = await temporaryFile('other.txt')
  const file = `${path}.bundle`
  const writer = await BundleWriter.create(
    file,
    planBundle({ version: 1, images: [{ reference: name, names: [name], target, platforms }] }),
  )
  for (const content of [manifest, config, layer]) {
    const entry = writer.blob(digestOf(content))
    await entry.write(Buffer.from(content))
    await entry.end()
  }
  await writer.commit()
  return file
}

test('--assume-seeded asks what seeding every node with a bundle would change', async () => {
  const bundle = await bundleOf('registry.example.com/shop/api:2.4')
  const { stdout } = await runCli(['audit', SHOP, '--nodes', NODES, '--bundle', bundle, '--assume-seeded', '--json'])
  const api = (JSON.parse(stdout) as AuditReport).workloads.find(({ name }) => name === 'api')
  expect(api?.verdict).toBe('atRisk')
  expect(api?.nodes.map(({ starts, reason }) => reason ?? starts)).toEqual(['TaintToleration', 'Platform', true, true])
})

test.for<[what: string, args: string[], exitCode: number, message: RegExp]>([
  ['no nodes at all', [SHOP], 2, /neither --nodes FILE nor --cluster.*kubectl get nodes -o json/s],
  ['no inputs', ['--nodes', NODES], 2, /no INPUT to audit/],
  [
    'a page that cannot be written',
    [SHOP, '--nodes', NODES, '--html', '/no/such/dir.html'],
    2,
    /dir.html: there is no directory \/no\/such\n {2}try: /,
  ],
  ['no kubectl', ['--cluster', '--kubectl', 'no-such-kubectl'], 3, /no-such-kubectl: not found/],
  [
    'pods that are none',
    [SHOP, '--nodes', NODES, '--pods', NODES],
    2,
    /holds no list of pods.*kubectl get pods -A -o json/s,
  ],
  [
    'a kubelet configuration that is none',
    [SHOP, '--nodes', NODES, '--kubelet-config', SHOP],
    2,
    /holds no KubeletConfiguration/,
  ],
  [
    'images that are neither file nor directory',
    [SHOP, '--nodes', NODES, '--images', 'x'],
    2,
    /neither NODE=FILE nor a directory/,
  ],
  [
    'images of a node that there is not',
    [SHOP, '--nodes', NODES, '--images', `worker-9=${SHOP}`],
    2,
    /there is no node worker-9.*worker-1/s,
  ],
  [
    'a list of images that is none',
    [SHOP, '--nodes', NODES, '--images', `worker-1=${SHOP}`],
    2,
    /not a list of images.*crictl images/s,
  ],
  ['no nodes file', [SHOP, '--nodes', 'no-such-file'], 2, /no-such-file: no such file.*kubectl get nodes -o json/s],
  ['a directory', [SHOP, '--nodes', 'examples'], 2, /examples: is a directory, not a file/],
  ['a file without nodes', [SHOP, '--nodes', SHOP], 2, /shop.yaml: holds no Node.*kubectl get nodes -o json/s],
  ['a device', [SHOP, '--nodes', '/dev/null'], 2, /\/dev\/null: is a device, not a file/],
  ['no workloads', [NODES, '--nodes', NODES], 2, /no workload to audit/],
  ['a bundle that is none', [SHOP, '--nodes', NODES, '--bundle', SHOP], 4, /shop.yaml: neither a bundle nor a lock/],
  ['a sandbox image that is none', [SHOP, '--nodes', NODES, '--sandbox-image', 'Pause'], 2, /must be lowercase/],
  ['--assume-seeded without a bundle', [SHOP, '--nodes', NODES, '--assume-seeded'], 2, /bundle/],
])('bad input: %s', async ([, args, exitCode, message]) => {
  const result = await runCli(['audit', ...args])
  expect(result.stderr).toMatch(message)
  expect(result.exitCode).toBe(exitCode)
})

test('a live pod of which a part is of another type is named', async () => {
  const pods = await temporaryFile(
    'pods.json',
    '{"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {"name": "web-1"}, "spec": {"containers": "x"}}]}',
  )
  const result = await runCli(['audit', SHOP, '--nodes', NODES, '--pods', pods])
  expect(result.stderr).toMatch(/pods.json: Pod web-1: spec.containers is no list.*kubectl get pods -A -o json/s)
  expect(result.exitCode).toBe(2)
  const empty = await temporaryFile('empty.json', '{"kind": "PodList", "apiVersion": "v1", "items": [null]}')
  expect((await runCli(['audit', SHOP, '--nodes', NODES, '--pods', empty])).exitCode).toBe(2)
})

test('a node of which a part is of another type is named', async () => {
  const nodes = await temporaryFile('nodes.yaml', 'kind: Node\napiVersion: v1\nmetadata: {name: a}\nstatus: x\n')
  const result = await runCli(['audit', SHOP, '--nodes', nodes])
  expect(result.stderr).toMatch(/nodes.yaml: Node a: status is no object.*kubectl get nodes -o json/s)
  expect(result.exitCode).toBe(2)
})

test('broken YAML in the nodes file is named with its line', async () => {
  const nodes = await temporaryFile('nodes.yaml', 'kind: Node\napiVersion: v1\nmetadata: {name: [}\n')
  const result = await runCli(['audit', SHOP, '--nodes', nodes])
  expect(result.stderr).toMatch(/nodes.yaml:3: .*kubectl get nodes -o json/s)
  expect(result.exitCode).toBe(2)
})

test('a custom resource whose images nobody can place is not judged, and the whole is not safe', async () => {
  const custom = `apiVersion: db.example.com/v1
kind: Cluster
metadata: { name: main }
spec: { image: registry.example.com/db:1 }
---
apiVersion: v1
kind: Pod
metadata: { name: p }
spec: { containers: [{ name: c, image: registry.example.com/shop/web:1.4 }] }
`
  const file = await temporaryFile('custom.yaml', custom)
  const { stdout, stderr, exitCode } = await runCli(['audit', file, '--nodes', NODES])
  expect(stdout).toMatch(/not judged +- +- +Cluster main/)
  expect(stdout).toMatch(/, 1 not judged\n/)
  expect(stderr).toContain('Cluster main: an operator makes its pods: registry.example.com/db:1')
  expect(stderr).toContain('left out: 1 workload that is not judged: Cluster main')
  expect(exitCode).toBe(4)
  const alone = await temporaryFile('alone.yaml', custom.slice(0, custom.indexOf('---')))
  expect(await runCli(['audit', alone, '--nodes', NODES])).toMatchObject({ exitCode: 4 })
  expect(await runCli(['audit', alone, '--nodes', NODES, '--fail-on', 'atRisk'])).toMatchObject({ exitCode: 0 })
})
