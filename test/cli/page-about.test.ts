import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('audit --html says inputs, digest, cluster, bundle, suppositions, counts and version; the same again is the same', async () => {
  const directory = await temporaryDirectory()
  const [shop, page] = [join(directory, 'shop.yaml'), join(directory, 'page.html')]
  await writeFile(shop, await readFile('examples/audit/shop.yaml'))
  const about = async (...flags: string[]) => {
    await runCli(['audit', shop, '--nodes', 'examples/audit/nodes.json', '--html', page, '--force', ...flags])
    const [, json = '{}'] =
      /<script id="data" type="application\/json">(.*?)<\/script>/s.exec(await readFile(page, 'utf8')) ?? []
    return Object.fromEntries((JSON.parse(json) as { about: [string, string][] }).about)
  }
  const first = await about('--date', '2026-06-01', '--mirror')
  expect(first).toEqual({
    Date: '2026-06-01',
    Cluster: 'as in examples/audit/nodes.json',
    Inputs: shop,
    'Digest of the inputs': expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    Bundle: 'none named',
    'Only supposed': 'a mirror answers for the images (--mirror)',
    Judged: '5 workloads on 4 nodes',
    'Made by': expect.stringMatching(/^nodeseed \d/),
  })
  const written = await readFile(page)
  expect(await about('--date', '2026-06-01', '--mirror')).toEqual(first)
  expect(await readFile(page)).toEqual(written)
  await writeFile(shop, `${await readFile(shop, 'utf8')}# changed\n`)
  expect((await about())['Digest of the inputs']).not.toBe(first['Digest of the inputs'])
})
