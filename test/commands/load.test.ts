import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { demoContent } from '../../src/demo/images.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { runCli } from '../support/cli.ts'
import { startContainerd } from '../support/containerd.ts'
import { testWith } from '../support/debian.ts'
import { reach } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const withContainerd = testWith(['containerd', 'ctr', 'runc'], { root: true })
const WEB = 'registry.example.com/shop/web:1.4'
const AGENT = 'registry.example.com/edge/agent:3.1'

async function demoBundle() {
  const file = join(await temporaryDirectory(), 'demo.tar')
  return { file, lock: await writeBundleOf(await demoContent(), file) }
}

withContainerd('one image by its name, then all of them, and a second time nothing', async () => {
  const { file, lock } = await demoBundle()
  const containerd = await startContainerd()
  const load = (...names: string[]) => runCli(['load', file, ...names, ...reach(containerd), '--json'])

  const one = await load(WEB)
  expect(one.exitCode, one.stderr).toBe(0)
  expect(JSON.parse(one.stdout)).toMatchObject({ result: 'seeded', missingCount: 0 })
  expect(await containerd.ctr('images', 'list', `name==${WEB}`)).toContain('io.cri-containerd.pinned=pinned')
  expect(await containerd.cri.imageStatus(AGENT)).toBeUndefined()

  const all = await load()
  expect(all.exitCode, all.stderr).toBe(0)
  for (const { names } of lock.images)
    for (const name of names) expect(await containerd.cri.imageStatus(name)).toBeDefined()

  const again = await load()
  expect(JSON.parse(again.stdout)).toMatchObject({ imported: 0 })
})

withContainerd('an image that the bundle does not hold is named', async () => {
  const { file } = await demoBundle()
  const { exitCode, stderr } = await runCli(['load', file, 'registry.example.com/shop/none'])
  expect(exitCode).toBe(2)
  expect(stderr).toContain('does not hold registry.example.com/shop/none:latest')
})

withContainerd('a damaged bundle is not loaded', async () => {
  const { file, lock } = await demoBundle()
  const [layer] = lock.images[0]?.platforms[0]?.layers ?? []
  const bundle = await openBundle(file)
  const place = bundle.blobs.get(layer!.digest)
  await bundle.close()
  const handle = await open(file, 'r+')
  await handle.write(Buffer.from('X'), 0, 1, place!.offset + 20)
  await handle.close()
  const { exitCode, stderr } = await runCli(['load', file])
  expect(exitCode).toBe(4)
  expect(stderr).toContain(`${layer?.digest} is damaged`)
})
