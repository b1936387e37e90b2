import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import type { SeedingPlan } from '../../src/seed/plan.ts'
import { selfSignedCertificate } from '../../src/server/tls/self-signed.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { type CliResult, runCli } from '../support/cli.ts'
import { type Blobs, lockImage, makeImage, makeIndex, makeLayer } from '../support/image-maker.ts'
import { temporaryDirectory } from '../support/temporary.ts'

interface NodeFacts {
  readonly runtime?: string
  readonly osImage?: string
  readonly kubelet?: string
  readonly labels?: Record<string, string>
  readonly providerID?: string
}

function node(name: string, facts: NodeFacts) {
  const { runtime = 'containerd://1.7.27', osImage = 'Debian GNU/Linux 12', kubelet = 'v1.33.2', labels } = facts
  const nodeInfo = { architecture: 'amd64', operatingSystem: 'linux', osImage }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: facts.providerID ? { providerID: facts.providerID } : {},
    status: {
      nodeInfo: { ...nodeInfo, kubeletVersion: kubelet, containerRuntimeVersion: runtime },
      images: [{ names: ['registry.k8s.io/pause:3.10'] }],
    },
  }
}

/** Seeds such nodes with a bundle of one image, and one that is an index of indexes. */
async function seed(
  nodes: Record<string, NodeFacts>,
  ...args: string[]
): Promise<CliResult & { output: string; directory: string }> {
  const directory = await temporaryDirectory()
  const blobs: Blobs = new Map()
  const app = makeImage(blobs, [await makeLayer(blobs, { 'etc/app': 'app' })])
  const inner = makeIndex(blobs, [app])
  const outer = makeIndex(blobs, [{ ...app, manifest: inner }])
  const nested = { ...lockImage('registry.example/nested', '1', outer, [app]), indexes: [inner] }
  await writeTestBundle(
    join(directory, 'b.tar'),
    [lockImage('registry.example/app', '1', app.manifest, [app]), nested],
    blobs,
  )
  const items = Object.entries(nodes).map(([name, facts]) => node(name, facts))
  await writeFile(join(directory, 'nodes.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
  const output = join(directory, 'out')
  const run = await runCli([
    ...['seed', join(directory, 'b.tar'), '--nodes', join(directory, 'nodes.json'), '-o', output],
    ...args.map((arg) => arg.replaceAll('<directory>', directory)),
  ])
  return { ...run, output, directory }
}

function placementOf(output: string): Promise<SeedingPlan> {
  return readFile(join(output, 'placement.json'), 'utf8').then((text) => JSON.parse(text))
}

async function podSpecOf(output: string, group: string) {
  const text = await readFile(join(output, 'seeding', `daemonset-${group}.yaml`), 'utf8')
  return parseAllDocuments(text)[0]?.toJS().spec.template.spec
}

const KIND = { providerID: 'kind://docker/kind/kind-worker' }
const MINIKUBE = { labels: { 'minikube.k8s.io/name': 'edge' }, runtime: 'docker://28.0.1' }
const TALOS = { osImage: 'Talos (v1.13.2)' }

test('kind and minikube: the commands that bring the bundle into their nodes, and ordinary DaemonSets', async () => {
  const { stdout, output, directory, exitCode } = await seed({ 'kind-worker': KIND, 'edge-m02': MINIKUBE })
  expect(exitCode).toBe(0)
  const lines = stdout.replaceAll(directory, '').split('\n')
  expect(lines.filter((line) => /docker|minikube|copy/.test(line))).toMatchInlineSnapshot(`
    [
      "  1. docker exec kind-worker mkdir -p /var/lib/nodeseed && docker cp /b.tar kind-worker:/var/lib/nodeseed/b.tar",
      "     minikube -p edge ssh -n edge-m02 -- sudo mkdir -p /var/lib/nodeseed && minikube -p edge cp /b.tar edge-m02:/var/lib/nodeseed/b.tar",
      "     kubectl -n nodeseed rollout status daemonset/seed-amd64-docker",
    ]
  `)
  expect((await placementOf(output)).nodes.map(({ method, group }) => `${method} ${group}`)).toEqual([
    'kind amd64-containerd',
    'minikube amd64-docker',
  ])
})

test('Talos 1.9 to 1.13: the patch that turns the image cache on, to the byte', async () => {
  const { stderr, output, exitCode } = await seed({ a: {}, t1: TALOS, t2: TALOS })
  expect(exitCode).toBe(0)
  expect(stderr).toContain('2 nodes take no seeding pod (talos, linux/amd64), get no label')
  expect((await placementOf(output)).prepared).toEqual(['t1', 't2'].map((name) => ({ node: name, method: 'talos' })))
  expect(await readFile(join(output, 'talos/image-cache-v1.9.yaml'), 'utf8')).toMatchInlineSnapshot(`
    "# Makes Talos 1.9 to 1.13 use an image cache that holds the bundle:
    #   sh seed.sh --method talos --platform PLATFORM --root usb/imagecache BUNDLE
    #   talosctl patch machineconfig --nodes t1,t2 --patch @talos/image-cache-v1.9.yaml
    # The directory imagecache is found on a FAT or ISO 9660 volume whose label begins with TALOS_: a stick, or
    #   xorriso -as mkisofs -r -V TALOS_NODESEED -o cache.iso usb
    # From there Talos copies it into the volume IMAGECACHE, which is made where the disk has room for it: on a disk that
    # is in use up to its end, name another in diskSelector, or leave that document out and the stick in.
    # For boot media of the imager (its --image-cache) instead: the first command with --layout oci --root image-cache.oci.
    # Whether it is there: talosctl get imagecacheconfig. "talosctl image cache-serve" reads the directory too.
    machine:
      features:
        imageCache:
          localEnabled: true
    ---
    apiVersion: v1alpha1
    kind: VolumeConfig
    name: IMAGECACHE
    provisioning:
      diskSelector:
        match: system_disk
      minSize: 500MiB
      maxSize: 1000MiB
    "
  `)
})

test('Talos 1.14: the image cache has a document of its own', async () => {
  const { output, exitCode } = await seed({ t: { osImage: 'Talos (v1.14.0)' } })
  expect(exitCode).toBe(0)
  const text = await readFile(join(output, 'talos/image-cache-v1.14.yaml'), 'utf8')
  expect(text.slice(text.indexOf('\napiVersion') + 1)).toMatchInlineSnapshot(`
    "apiVersion: v1alpha1
    kind: ImageCacheConfig
    local:
      enabled: true
    ---
    apiVersion: v1alpha1
    kind: VolumeConfig
    name: IMAGECACHE
    provisioning:
      diskSelector:
        match: system_disk
      minSize: 500MiB
      maxSize: 1000MiB
    "
  `)
})

test('a workload that runs on prepared nodes only is in need of no place', async () => {
  const container = '{name: app, image: "registry.example/app:1"}'
  const pod = (name: string, arch: string) =>
    `{apiVersion: v1, kind: Pod, metadata: {name: ${name}}, spec: {nodeSelector: {kubernetes.io/os: ${arch}}, containers: [${container}]}}\n`
  const file = join(await temporaryDirectory(), 'pods.yaml')
  await writeFile(file, pod('web', 'linux'))
  const talos = { t: { ...TALOS, labels: { 'kubernetes.io/os': 'linux' } } }
  expect(await seed(talos, file)).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('no node may run') })
  await writeFile(file, pod('web', 'plan9'))
  expect(await seed(talos, file)).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('no node may run it') })
})

test('Talos before 1.9 has no image cache, and that is an error', async () => {
  const { stderr, exitCode } = await seed({ a: {}, t: { osImage: 'Talos (v1.8.4)' } })
  expect(exitCode).toBe(4)
  expect(stderr).toContain('no image cache before Talos 1.9')
})

test('Bottlerocket is baked; from a registry it pulls, and so does Talos, with the authorities of the registry', async () => {
  const bottlerocket = { osImage: 'Bottlerocket OS 1.40.0 (aws-k8s-1.33)' }
  const nodes = { b: bottlerocket, t: TALOS, u: { osImage: 'Talos (v1.14.0)' }, old: { osImage: 'Talos (v1.8.4)' } }
  const baked = await seed({ b: bottlerocket })
  expect(baked.stderr).toContain('--method bake --platform linux/amd64 --root DIR BUNDLE fills /var/lib/containerd')
  expect((await readdir(baked.output)).sort()).not.toContain('bottlerocket')

  const { ca, file } = await certificate()
  const from = ['--from-registry', 'https://10.0.0.5:5000', '--ca', file]
  const { output, exitCode } = await seed(nodes, ...from)
  expect(exitCode).toBe(0)
  const base64 = Buffer.from(ca).toString('base64')
  const text = async (path: string) => (await readFile(join(output, path), 'utf8')).replaceAll(base64, '<base64>')
  expect(await text('bottlerocket/settings.toml')).toMatchInlineSnapshot(`
    "# Makes Bottlerocket pull from the registry that serves the bundle. As user data, or on a running node:
    # apiclient apply < settings.toml
    [[settings.container-registry.mirrors]]
    registry = "*"
    endpoint = ["https://10.0.0.5:5000"]

    [settings.pki.nodeseed]
    data = "<base64>"
    trusted = true
    "
  `)
  expect(await text('talos/registry-mirror-v1.9.yaml')).toMatchInlineSnapshot(`
    "# Makes Talos 1.9 to 1.13 pull from the registry that serves the bundle:
    #   talosctl patch machineconfig --nodes t,old --patch @talos/registry-mirror-v1.9.yaml
    machine:
      registries:
        mirrors:
          "*":
            endpoints:
              - https://10.0.0.5:5000
            skipFallback: true
        config:
          10.0.0.5:5000:
            tls:
              ca: <base64>
    "
  `)
  expect(
    (await text('talos/registry-mirror-v1.14.yaml')).replace(ca.replaceAll(/^(?=.)/gm, '  '), '  <PEM>\n'),
  ).toMatchInlineSnapshot(`
    "# Makes Talos 1.14 and newer pull from the registry that serves the bundle:
    #   talosctl patch machineconfig --nodes u --patch @talos/registry-mirror-v1.14.yaml
    apiVersion: v1alpha1
    kind: RegistryMirrorConfig
    name: "*"
    endpoints:
      - url: https://10.0.0.5:5000
    skipFallback: true
    ---
    apiVersion: v1alpha1
    kind: RegistryTLSConfig
    name: 10.0.0.5:5000
    ca: |
      <PEM>
    "
  `)
})

test('what a runtime cannot do is said: docker loses digests, CRI-O holds no index of indexes', async () => {
  const { stderr, exitCode, output } = await seed({
    d: { runtime: 'docker://28.0.1' },
    c: { runtime: 'cri-o://1.33.1' },
  })
  expect(exitCode).toBe(0)
  expect(stderr).toContain(
    "docker's classic image store keeps no registry digests: a pod that names one would pull on d",
  )
  expect(stderr).toContain('registry.example/nested:1 is an index that lists indexes: CRI-O can neither pull nor hold')
  expect(await podSpecOf(output, 'amd64-docker')).toMatchObject({
    initContainers: [{ securityContext: { capabilities: { drop: ['ALL'] }, allowPrivilegeEscalation: false } }],
    volumes: expect.arrayContaining([
      { name: 'host-var-run-docker-sock', hostPath: { path: '/var/run/docker.sock', type: 'Socket' } },
    ]),
  })
  expect(await podSpecOf(output, 'amd64-cri-o')).toMatchObject({
    hostPID: true,
    initContainers: [{ securityContext: { privileged: true }, args: expect.arrayContaining(['--method', 'cri-o']) }],
  })
})

test('--ca and --pull-secret reach the pods, and no credential stands in a file', async () => {
  const { ca, file } = await certificate()
  const from = ['--from-registry', 'https://10.0.0.5:5000', '--ca', file, '--pull-secret', 'registry']
  const { output } = await seed({ a: {}, d: { runtime: 'docker://28.0.1' } }, ...from)
  const configMap = parseAllDocuments(await readFile(join(output, 'seeding/registry-ca.yaml'), 'utf8'))[0]?.toJS()
  expect(configMap).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'registry-ca' }, data: { 'ca.crt': ca } })
  const pod = await podSpecOf(output, 'amd64-containerd')
  expect(pod.initContainers[0].args).toEqual(
    expect.arrayContaining(['--ca', '/nodeseed/ca/ca.crt', '--auth-file', '/nodeseed/credentials/config.json']),
  )
  expect(pod.volumes).toContainEqual({
    name: 'credentials',
    secret: { secretName: 'registry', defaultMode: 0o400, items: [{ key: '.dockerconfigjson', path: 'config.json' }] },
  })
  // dockerd looks for authorities in the host's own directory.
  const mounts = (await podSpecOf(output, 'amd64-docker')).initContainers[0].volumeMounts
  expect(mounts).toContainEqual({ name: 'host-etc-docker', mountPath: '/etc/docker' })
})

test('--method overrides what a node reports, for all nodes or for one', async () => {
  const nodes = { a: {}, b: {}, c: { kubelet: 'v1.33.2+k3s1' } }
  const { output } = await seed(nodes, '--method', 'microk8s', '--method', 'b=k0s', '--method', 'c=kubeadm')
  expect((await placementOf(output)).nodes.map(({ node, method }) => `${node} ${method}`)).toEqual([
    'a microk8s',
    'b k0s',
    'c containerd',
  ])
})

test('a method that does not fit a node is a finding with one that does', async () => {
  const { stderr, exitCode } = await seed({ a: {}, d: { runtime: 'docker://28.0.1' } }, '--method', 'docker')
  expect(exitCode).toBe(4)
  expect(stderr).toContain('node a: docker cannot seed it: its kubelet uses containerd://1.7.27')
  expect(stderr).toContain('--method a=containerd')
})

test.for<[why: string, args: string[], message: string]>([
  ['a method that is none', ['--method', 'magic'], 'no such method: "magic"'],
  ['a method for a node that is not there', ['--method', 'x=docker'], 'there is no node "x"'],
  ['authorities without a registry', ['--ca', 'package.json'], '--from-registry'],
  ['authorities that are none', ['--from-registry', 'https://r', '--ca', 'package.json'], 'holds no certificate'],
  ['a Secret that is none', ['--from-registry', 'https://r', '--pull-secret', 'a b'], 'not the name of a Secret'],
])('%s: refused, and nothing is written', async ([, args, message]) => {
  const { exitCode, stderr, directory } = await seed({ a: {} }, ...args)
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(message) })
  expect((await readdir(directory)).sort()).toEqual(['b.tar', 'nodes.json'])
})

async function certificate(): Promise<{ ca: string; file: string }> {
  const ca = selfSignedCertificate(['localhost'], new Date()).cert
  const file = join(await temporaryDirectory(), 'ca.crt')
  await writeFile(file, ca)
  return { ca, file }
}
