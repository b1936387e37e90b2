import { appendFile, cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments, parseDocument } from 'yaml'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { runCli } from '../support/cli.ts'
import { type Blobs, lockImage, makeImage, makeLayer } from '../support/image-maker.ts'
import { shopImages } from '../support/shop-images.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const SHOP = 'examples/seed/shop.yaml'

/** A last month, on all nodes and with a guard; and what this one is made of: the web server alone, for worker-1. */
async function months() {
  const directory = await temporaryDirectory()
  const blobs: Blobs = new Map()
  const [may, june, nodes, web] = ['may.tar', 'june.tar', 'nodes.json', 'web.yaml'].map((name) =>
    join(directory, name),
  ) as [string, string, string, string]
  await writeTestBundle(may, await shopImages(blobs), blobs)
  const part = makeImage(blobs, [await makeLayer(blobs, { 'srv/new': 'new' })], { platform: 'linux/amd64' })
  await writeTestBundle(june, [lockImage('registry.example/shop/web', '1.5', part.manifest, [part])], blobs)
  const { items } = parseDocument(await readFile('examples/seed/nodes.yaml', 'utf8')).toJS()
  await writeFile(nodes, JSON.stringify({ kind: 'List', items: [items[1]] }))
  const [deployment = ''] = (await readFile(SHOP, 'utf8')).split('---\n')
  await writeFile(web, deployment.replace('web:1.4', 'web:1.5'))
  const before = join(directory, 'seed-may')
  const first = await runCli([
    'seed',
    may,
    '--nodes',
    'examples/seed/nodes.yaml',
    '-o',
    before,
    '--guard',
    'deny',
    '--set-name',
    'shop',
    SHOP,
  ])
  expect(first.exitCode, first.stderr).toBe(0)
  const output = join(directory, 'seed-june')
  const seed = (after: string | undefined, ...more: string[]) =>
    runCli([
      'seed',
      june,
      '--nodes',
      nodes,
      '-o',
      output,
      ...(after === undefined ? [] : ['--after', after]),
      ...more,
      web,
    ])
  return { before, output, seed }
}

const read = (...path: string[]) => readFile(join(...path), 'utf8')

test('what is not written any more is named, with the one command that removes it', async () => {
  const { before, output, seed } = await months()
  const { stdout, stderr, exitCode } = await seed(before, '--set-name', 'other')
  expect(exitCode, stderr).toBe(0)
  const obsolete = parseAllDocuments(await read(output, 'obsolete.yaml')).map((one) => one.toJS())
  const named = obsolete.map(({ apiVersion, kind, metadata: { namespace, name } }) =>
    [apiVersion, kind, namespace, name].join(' '),
  )
  const admission = 'admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy'
  expect(named).toEqual([
    `${admission}  shop-images.nodeseed.dev`,
    `${admission}Binding  shop-images.nodeseed.dev`,
    `${admission}Binding  shop-workloads.nodeseed.dev`,
    'apps/v1 DaemonSet nodeseed seed-shop-amd64-containerd',
    'apps/v1 DaemonSet nodeseed seed-shop-arm64-k3s',
    'v1 ConfigMap nodeseed names-shop-arm64-k3s',
  ])
  expect(stderr).not.toContain('would take its place')
  expect(stderr).toContain('6 objects of the last seeding are not written any more: ')
  expect(stderr).toContain('CronJob shop/report got a nodeSelector by the last seeding and gets none now')
  const { sets } = JSON.parse(await read(before, 'placement.json'))
  const labels = sets.map(({ label }: { label: string }) => `${label}-`).join(' ')
  expect(stderr).toContain(`kubectl label nodes --all ${labels}`)
  const steps = stdout.split('\n').filter((line) => /^ {2}\d\./.test(line))
  expect(steps.slice(2)).toEqual([
    `  3. sh ${output}/labels.sh`,
    `  4. kubectl delete --ignore-not-found -f ${output}/obsolete.yaml`,
    expect.stringMatching(
      `^  5. nodeseed patch .*/web.yaml --placement ${output} > patched.yaml; audit that, and apply it$`,
    ),
    `  6. nodeseed label ${output} --prune, once every workload has changed over`,
  ])
})

test('the guard of this month comes before its workloads, and admits both', async () => {
  const { before, output, seed } = await months()
  const bundlePath = ['--bundle-path', '/var/lib/nodeseed/may.tar']
  const { stdout, stderr, exitCode } = await seed(before, '--set-name', 'shop', '--guard', 'deny', ...bundlePath)
  expect(exitCode, stderr).toBe(0)
  expect(stdout.indexOf(`kubectl apply -k ${output}/guard`)).toBeLessThan(stdout.indexOf(`${output}/workloads`))
  const policy = await read(output, 'guard', 'policy.yaml')
  for (const image of ['web:1.4', 'web:1.5', 'report:2']) expect(policy).toContain(`"registry.example/shop/${image}"`)
  expect(await read(output, 'obsolete.yaml')).not.toContain('Admission')
  expect(stderr).not.toContain('label nodes --all')
  expect(stderr).toContain('may.tar is what the pods of the last seeding read: this bundle would take its place')

  const alone = await seed(output, '--set-name', 'shop', '--guard', 'deny', '--force')
  expect(alone).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(output) })
})

test('a directory that was changed, or is none of ours, is refused: of its objects a list would be made to delete', async () => {
  const { before, seed } = await months()
  const changed = `${before}-changed`
  await cp(before, changed, { recursive: true })
  await appendFile(
    join(changed, 'seeding/namespace.yaml'),
    '---\n{apiVersion: v1, kind: Secret, metadata: {name: x}}\n',
  )
  expect(await seed(changed)).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('namespace.yaml: changed since nodeseed seed wrote it'),
  })
  expect((await seed(await temporaryDirectory())).exitCode).toBe(2)
})

test('without --after, a directory that --force replaces is the last seeding, and what it listed stays listed', async () => {
  const { before, output, seed } = await months()
  expect((await seed(before, '--set-name', 'shop')).exitCode).toBe(0)
  const listed = await read(output, 'obsolete.yaml')
  const again = await seed(undefined, '--set-name', 'shop', '--force')
  expect(again.exitCode, again.stderr).toBe(0)
  expect(await read(output, 'obsolete.yaml')).toBe(listed)
  expect(again.stdout).not.toContain('once every workload has changed over')

  await cp(before, output, { recursive: true, force: true })
  await rm(join(output, 'obsolete.yaml'))
  const over = await seed(undefined, '--set-name', 'shop', '--force', '--guard', 'deny')
  expect(over.exitCode, over.stderr).toBe(0)
  expect(over.stderr).toContain('DaemonSet nodeseed/seed-shop-arm64-k3s')
  expect(await read(output, 'guard', 'policy.yaml')).toContain('"registry.example/shop/web:1.4"')
  expect(over.stdout).toContain('once every workload has changed over')
})
