import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { AuditReport } from '../../src/audit/report.ts'
import { planBundle } from '../../src/bundle/plan.ts'
import { BundleWriter } from '../../src/layout/bundle-writer.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { runCli } from '../support/cli.ts'

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
    "VERDICT     STARTS ON      WORKLOAD
    safe        2 of 2         Deployment shop/web
    at risk     1 of 3         Deployment shop/api
                edge-1, worker-2: ImageMissing: registry.example.com/shop/api:2.4 is not on the node
                (Never: ErrImageNeverPull)
                fix: add nodeSelector disk: nvme, which keeps it to worker-1
    safe        1 of 1         StatefulSet shop/db
    safe        4 of 4         DaemonSet shop/logs
    impossible  0 of 3         CronJob shop/report
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
  ['no nodes file', [SHOP, '--nodes', 'no-such-file'], 2, /no-such-file: no such file.*kubectl get nodes -o json/s],
  ['a directory', [SHOP, '--nodes', 'examples'], 2, /examples: cannot be read.*kubectl get nodes -o json/s],
  ['a file without nodes', [SHOP, '--nodes', SHOP], 2, /shop.yaml: holds no Node.*kubectl get nodes -o json/s],
  ['an empty file', [SHOP, '--nodes', '/dev/null'], 2, /holds no Node.*kubectl get nodes -o json/s],
  ['no workloads', [NODES, '--nodes', NODES], 2, /no workload to audit/],
  ['a bundle that is none', [SHOP, '--nodes', NODES, '--bundle', SHOP], 4, /shop.yaml/],
  ['a sandbox image that is none', [SHOP, '--nodes', NODES, '--sandbox-image', 'Pause'], 2, /must be lowercase/],
  ['--assume-seeded without a bundle', [SHOP, '--nodes', NODES, '--assume-seeded'], 2, /bundle/],
])('bad input: %s', async ([, args, exitCode, message]) => {
  const result = await runCli(['audit', ...args])
  expect(result.stderr).toMatch(message)
  expect(result.exitCode).toBe(exitCode)
})

test('broken YAML in the nodes file is named with its line', async () => {
  const nodes = await temporaryFile('nodes.yaml', 'kind: Node\napiVersion: v1\nmetadata: {name: [}\n')
  const result = await runCli(['audit', SHOP, '--nodes', nodes])
  expect(result.stderr).toMatch(/nodes.yaml:3: .*kubectl get nodes -o json/s)
  expect(result.exitCode).toBe(2)
})
