import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pod } from 'kubernetes-types/core/v1.js'
import { parseAllDocuments } from 'yaml'
import { guardResources } from '../../src/seed/guard/guard.ts'
import { type LiveCluster, pod, seedInto } from './live-cluster.ts'
import { eventually } from './process-group.ts'

/** The guard does in the API server what it says in its files. */
export async function checkAdmission(live: LiveCluster): Promise<void> {
  const { report, kubectl } = live
  const directory = await seedInto(live, 'guard', { args: ['--guard', 'deny'] })
  const output = join(directory, 'guard')
  await live.apply(pod('before', 'stray:1'))
  await kubectl('apply', '-k', output)
  await kubectl('apply', '-f', join(output, 'node-selectors.yaml'))
  await report.check('the expressions compile, and their types fit', async () => {
    const policy = await eventually(async () => {
      const { status } = await live.get('validatingadmissionpolicy', 'images-images.nodeseed.dev')
      return status?.typeChecking ? status : undefined
    })
    assert.deepEqual(policy.typeChecking, {})
  })
  await eventually(async () => ((await refusal(live, pod('probe', 'stray:1'))) ? true : undefined))
  await checkDeny(live)
  await checkSelectors(
    live,
    output,
    JSON.parse(await readFile(join(directory, 'placement.json'), 'utf8')).sets[0].label,
  )
  await checkAgain(live, output)
  await checkLargeList(live, output)

  await kubectl('delete', '-k', output)
  const warning = join(await seedInto(live, 'guard-warn', { args: ['--guard', 'warn'] }), 'guard')
  await kubectl('apply', '-k', warning)
  await report.check('warn: says so and lets it pass', async () => {
    await eventually(async () =>
      /no node was seeded with: stray:1/.test(await create(live, pod('w', 'stray:1'))) ? true : undefined,
    )
  })
  await kubectl('delete', '-k', warning)
  await kubectl('delete', '-f', join(output, 'node-selectors.yaml'))
  await kubectl('delete', 'pods,deployments', '--all', '--namespace', 'shop')
}

async function checkDeny(live: LiveCluster): Promise<void> {
  const { report, kubectl } = live
  const volume = (reference: string) => ({ volumes: [{ name: 'data', image: { reference } }] })
  const init = { initContainers: [{ name: 'init', image: 'stray:2' }] }
  const mixed = pod('mixed', 'web:1', { ...init, ...volume('stray:3') })
  await report.check('a pod is refused for each image that no node was seeded with', async () => {
    assert.match(await refusal(live, pod('p', 'stray:1')), /\(Forbidden\).*no node was seeded with: stray:1$/s)
    assert.match(await refusal(live, mixed), /no node was seeded with: stray:2, stray:3$/)
  })
  await report.check('a pod is admitted under every spelling of an image, also as a volume', async () => {
    for (const name of ['web:1', 'library/web:1', 'docker.io/web:1', 'index.docker.io/library/web:1']) {
      assert.equal(await refusal(live, pod('p', name)), '', name)
    }
    assert.equal(await refusal(live, pod('p', 'web:1', volume('registry.example:5000/team/job:2.0'))), '')
    const digests = JSON.stringify(await live.get('validatingadmissionpolicies'))
    const [, digest = ''] = /library\/web(@sha256:\w+)/.exec(digests) ?? []
    assert.equal(await refusal(live, pod('p', `web:whatever${digest}`)), '')
    assert.match(await refusal(live, pod('p', `web@sha256:${'0'.repeat(64)}`)), /no node was seeded with/)
  })
  await report.check('who writes a Deployment or a CronJob is warned, and not of an image that is there', async () => {
    const write = async (...args: string[]) =>
      (await live.kubectlSays('create', ...args, '--dry-run=server', '--namespace', 'shop')).stderr
    const warning = /^Warning: .*binding 'images-workloads.nodeseed.dev': no node was seeded with: stray:1$/m
    assert.match(await write('deployment', 'stray', '--image=stray:1'), warning)
    assert.match(await write('cronjob', 'stray', '--image=stray:1', '--schedule=@daily'), warning)
    assert.equal(await write('cronjob', 'web', '--image=web:1', '--schedule=@daily'), '')
  })
  await report.check('so is who writes a ReplicaSet, a ReplicationController or a PodTemplate', async () => {
    for (const manifest of templated('stray:1')) {
      assert.match(await create(live, manifest), /no node was seeded with: stray:1/, manifest.kind)
    }
    for (const manifest of templated('web:1'))
      assert.doesNotMatch(await create(live, manifest), /Warning/, manifest.kind)
  })
  await report.check('the mirror pod of a static pod passes', async () => {
    const annotations = { 'kubernetes.io/config.mirror': '0123456789abcdef' }
    const mirror = pod('static-node', 'stray:1', { nodeName: 'node-1' }) as Pod
    assert.equal(await refusal(live, { ...mirror, metadata: { ...mirror.metadata, annotations } }), '')
  })
  await report.check('the pods of a Deployment are refused, and its ReplicaSet says why', async () => {
    await kubectl('create', 'deployment', 'stray', '--image=stray:1', '--namespace', 'shop')
    await eventually(async () => {
      const { items } = await live.get('replicasets', '--namespace', 'shop', '--selector', 'app=stray')
      const said = items[0]?.status?.conditions?.map(({ message }: { message: string }) => message).join()
      return /no node was seeded with: stray:1/.test(said ?? '') ? true : undefined
    })
  })
  await report.check('a pod that was there before can be labelled, and not given another image', async () => {
    await kubectl('label', 'pod', 'before', 'a=b', '--namespace', 'shop')
    await assert.rejects(
      kubectl('set', 'image', 'pod/before', 'main=stray:4', '--namespace', 'shop'),
      /seeded with: stray:4/,
    )
    await kubectl('set', 'image', 'pod/before', 'main=web:1', '--namespace', 'shop')
  })
  await report.check('kubectl debug is refused an image that is not there, and gets one that is', async () => {
    const debug = (image: string) =>
      kubectl('debug', 'before', `--image=${image}`, '--profile=general', '--attach=false', '-q', '--namespace', 'shop')
    await assert.rejects(debug('stray:5'), /no node was seeded with: stray:5/)
    await debug('registry.example:5000/team/job:2.0')
  })
}

/** One of each kind that holds a pod template and is no Deployment, Job or the like. */
function templated(image: string): { kind: string }[] {
  const labels = { app: 'templated' }
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image }] } }
  const metadata = { name: 'templated', namespace: 'shop' }
  const spec = { replicas: 0, template }
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata,
      spec: { ...spec, selector: { matchLabels: labels } },
    } as object,
    { apiVersion: 'v1', kind: 'ReplicationController', metadata, spec: { ...spec, selector: labels } } as object,
    { apiVersion: 'v1', kind: 'PodTemplate', metadata, template } as object,
  ] as { kind: string }[]
}

async function checkSelectors(live: LiveCluster, output: string, label: string): Promise<void> {
  const admitted = async (manifest: object): Promise<Pod> =>
    JSON.parse(await create(live, manifest, '--output', 'json'))
  await live.report.check('the mutating policy adds the selector of the set to what the pod has', async () => {
    const plain = await admitted(pod('p', 'web:1'))
    assert.deepEqual(plain.spec?.nodeSelector, { [label]: 'seeded' })
    const other = await admitted(pod('p', 'web:1', { nodeSelector: { disk: 'ssd' } }))
    assert.deepEqual(other.spec?.nodeSelector, { disk: 'ssd', [label]: 'seeded' })
  })
  await live.report.check('the mutating policy leaves alone what has a place or a set already', async () => {
    const placed = await admitted(pod('p', 'web:1', { nodeName: 'node-a' }))
    assert.equal(placed.spec?.nodeSelector, undefined)
    const selector = { [label.replace(/\w+$/, '0000')]: 'seeded' }
    const selected = await admitted(pod('p', 'web:1', { nodeSelector: selector }))
    assert.deepEqual(selected.spec?.nodeSelector, selector)
  })
  const second = label.replace(/\w+$/, '0123456789abcdef')
  await live.report.check('where several sets hold all images, any of them will do', async () => {
    const policies = parseAllDocuments(await readFile(join(output, 'node-selectors.yaml'), 'utf8'))
    const [policy, binding] = policies.map((document) => document.toJS())
    const labels = policy.spec.variables.find(({ name }: { name: string }) => name === 'labels')
    labels.expression += ` + ${labels.expression.replace(label, second)}`
    await live.apply({ apiVersion: 'v1', kind: 'List', items: [policy, binding] })
    const { spec } = await eventually(async () => {
      const one = await admitted(pod('p', 'web:1'))
      return one.spec?.affinity ? one : undefined
    })
    const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
    const keys = terms?.flatMap(({ matchExpressions = [] }) => matchExpressions.map(({ key }) => key)).sort()
    assert.deepEqual(keys, [label, second].sort())
    assert.equal(spec?.nodeSelector, undefined)
  })
}

async function checkAgain(live: LiveCluster, output: string): Promise<void> {
  await live.report.check('a guard that is deleted is gone, and one that comes back works', async () => {
    await live.kubectl('delete', '-k', output)
    await eventually(async () => ((await refusal(live, pod('p', 'stray:1'))) === '' ? true : undefined))
    await live.kubectl('apply', '-k', output)
    await eventually(async () => (/seeded with/.test(await refusal(live, pod('p', 'stray:1'))) ? true : undefined))
    assert.equal(await refusal(live, pod('p', 'web:1')), '')
  })
}

/** What an expression may cost is bounded, and how long it may be. */
async function checkLargeList(live: LiveCluster, output: string): Promise<void> {
  const names = Array.from(
    { length: 10_000 },
    (_, at) => `registry.example.com/team/project/service-${at + 10_000}:1.2.3`,
  )
  const large = guardResources({
    action: 'deny',
    set: 'images',
    labelPrefix: 'images.nodeseed.dev/',
    namespaces: ['shop'],
    sets: [{ label: { key: 'images.nodeseed.dev/0123456789abcdef', value: 'seeded' }, names: [...names, 'web:1'] }],
    mutatingApi: Number((await live.serverVersion()).minor) >= 36 ? 'v1' : 'v1beta1',
  })
  const manifests = large.filter(({ path }) => !path.endsWith('kustomization.yaml')).map(({ content }) => content)
  await live.report.check('a list of 10,000 images: kubectl alone cannot apply it, the API server can', async () => {
    await assert.rejects(live.apply(manifests.join('---\n')), /metadata.annotations: Too long/)
    assert.match(large[0]?.content ?? '', /kubectl apply --server-side/)
    await live.apply(manifests.join('---\n'), '--server-side', '--force-conflicts')
  })
  const containers = (count: number, image: (at: number) => string) => ({
    containers: Array.from({ length: count }, (_, at) => ({ name: `c${at}`, image: image(at) })),
  })
  await live.report.check('that list and a pod of 30 containers are within the budget of CEL', async () => {
    await eventually(async () => ((await refusal(live, pod('p', names[0] ?? ''))) === '' ? true : undefined))
    const admitted = pod(
      'p',
      '',
      containers(30, (at) => names[at * 300] ?? ''),
    )
    const { spec } = JSON.parse(await create(live, admitted, '--output', 'json')) as Pod
    assert.deepEqual(spec?.nodeSelector, { 'images.nodeseed.dev/0123456789abcdef': 'seeded' })
    const said = await refusal(
      live,
      pod(
        'p',
        '',
        containers(30, (at) => `stray-${at}:1`),
      ),
    )
    assert.match(said, /no node was seeded with: stray-0:1, /)
  })
  await live.kubectl('apply', '--server-side', '--force-conflicts', '-k', output)
}

/** Creates it as far as admission goes; gives what kubectl said. */
async function create(live: LiveCluster, manifest: object, ...args: string[]): Promise<string> {
  const path = join(live.directory, 'pod.json')
  await writeFile(path, JSON.stringify(manifest))
  const { stdout, stderr } = await live.kubectlSays('create', '-f', path, '--dry-run=server', ...args)
  return stdout + stderr
}

/** Why it is not admitted; empty when it is. */
async function refusal(live: LiveCluster, manifest: object): Promise<string> {
  return create(live, manifest).then(
    () => '',
    (error: { stderr: string }) => error.stderr.trim(),
  )
}
