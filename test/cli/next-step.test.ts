import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { runCli } from '../support/cli.ts'
import type { Blobs } from '../support/image-maker.ts'
import { shopImages } from '../support/shop-images.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const SHOP = 'examples/seed/shop.yaml'

interface Placement {
  readonly sets: { readonly digest: string; readonly label: string; readonly images: string[] }[]
  readonly nodes: { readonly node: string; readonly sets: string[] }[]
}

interface NodeList {
  items: {
    metadata: { name: string; labels: Record<string, string> }
    status: { allocatable?: Record<string, string>; images: { names: string[] }[] }
  }[]
}

test('audit says which step comes next, and each step that is gone leads to the one after it', async () => {
  const directory = await temporaryDirectory()
  const [bundle, seed, nodes] = [join(directory, 'my shop.tar'), join(directory, 'seed'), join(directory, 'nodes.yaml')]
  const blobs: Blobs = new Map()
  await writeTestBundle(bundle, await shopImages(blobs), blobs)
  await writeFile(nodes, await readFile('examples/seed/nodes.yaml'))
  const audit = async (file: string, ...flags: string[]) => {
    const { stderr, exitCode } = await runCli(['audit', file, '--nodes', nodes, ...flags])
    const [, step] = /^what comes next: (.*(?:\n {2}\d.*)*)/m.exec(stderr) ?? []
    return { exitCode, step: step?.replaceAll(directory, 'DIR') }
  }

  expect(await audit(SHOP)).toEqual({
    exitCode: 4,
    step: expect.stringMatching(
      /^\d workloads lack images, and no bundle is named\n {2}1\. nodeseed bundle examples\/seed\/shop\.yaml --nodes DIR\/nodes\.yaml -o images\.tar\n/,
    ),
  })
  expect(await audit(SHOP, '--bundle', bundle)).toEqual({
    exitCode: 4,
    step: `'DIR/my shop.tar' holds the images, and nothing brings them to the nodes yet
  1. nodeseed seed 'DIR/my shop.tar' --nodes DIR/nodes.yaml -o seed ${SHOP}`,
  })
  expect((await audit(SHOP, '--bundle', bundle, '--assume-seeded')).step).toContain('1. nodeseed seed ')

  await runCli(['seed', bundle, '--nodes', nodes, '-o', seed, SHOP])
  expect((await audit(SHOP, '--placement', seed)).step).toMatch(
    /^labels\.sh of DIR\/seed has not run: \d nodes of it have no label of a seeded set\n {2}1\. kubectl apply -k DIR\/seed\/seeding\n {2}2\. sh DIR\/seed\/labels\.sh\n {2}3\. kubectl get nodes/,
  )

  const placement = JSON.parse(await readFile(join(seed, 'placement.json'), 'utf8')) as Placement
  const list = parse(await readFile(nodes, 'utf8')) as NodeList
  for (const { status } of list.items) status.allocatable = { cpu: '4', memory: '8Gi', pods: '110' }
  await writeFile(nodes, stringify(list))
  const patched = join(directory, 'patched.yaml')
  await writeFile(patched, (await runCli(['patch', SHOP, '--placement', seed])).stdout)
  const assumed = ['--placement', seed, '--assume-seeded']
  expect(await audit(patched, '--bundle', bundle, ...assumed)).toEqual({
    exitCode: 0,
    step: expect.stringMatching(
      /^DIR\/seed is assumed to be seeded and labelled; \d nodes of it are not yet\n {2}1\. kubectl/,
    ),
  })
  expect((await audit(patched, '--bundle', bundle, '--placement', seed)).exitCode).toBe(4)

  for (const { node, sets } of placement.nodes) {
    const item = list.items.find(({ metadata }) => metadata.name === node)
    for (const { digest, label, images } of placement.sets) {
      if (!item || !sets.includes(digest)) continue
      item.metadata.labels[label] = 'seeded'
      item.status.images = [...item.status.images, ...images.map((name) => ({ names: [name], sizeBytes: 1000 }))]
    }
  }
  await writeFile(nodes, stringify(list))
  expect((await audit(SHOP, '--placement', seed)).step).toMatch(
    /^the nodes of DIR\/seed are labelled, and .*\n {2}1\. nodeseed patch examples\/seed\/shop.yaml --placement DIR\/seed > patched\.yaml$/,
  )
  expect(await audit(patched, '--placement', seed)).toEqual({ exitCode: 0, step: undefined })
})
