import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { renderNames } from '../../src/bundle/format/node-files.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { runTool, testWith } from '../support/debian.ts'
import { type Blobs, lockImage, makeImage, makeLayer, thisPlatform } from '../support/image-maker.ts'
import { runNodeScript } from '../support/node-script.ts'
import { smallDisk } from '../support/small-disk.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { writeShop } from '../support/test-images.ts'

const DROP_IN = 'etc/crio/crio.conf.d/99-nodeseed.conf'

testWith(['skopeo', 'busybox'])('containers-storage finds every name by tag and by digest', async () => {
  const { file, images } = await writeShop()
  const root = await temporaryDirectory()
  const env = { CONTAINERS_STORAGE_CONF: await storageConfig(root) }
  const args = ['--method', 'cri-o', '--root', root, file]
  const first = await runNodeScript(args, { env })
  expect(first, first.stderr).toMatchObject({ code: 0, report: { result: 'seeded', runtime: 'cri-o', names: 4 } })

  for (const { names, target, platforms } of images) {
    for (const name of names) {
      const { stdout } = await runTool('skopeo', ['inspect', '--raw', `containers-storage:${name}`], { env })
      expect(digestOf(stdout), name).toBe(name.includes('@') ? target.digest : platforms[0]?.manifest.digest)
    }
  }
  const dropIn = await readFile(join(root, DROP_IN), 'utf8')
  expect(dropIn).toContain('[crio.image]\npinned_images = [\n')
  for (const name of images.flatMap(({ names }) => names)) expect(dropIn).toContain(`  "${name}", # set images\n`)
  expect(await runNodeScript(args, { env })).toMatchObject({ code: 0, report: { result: 'unchanged' } })
})

// CRI-O 1.37 was seen to take the list of the last file alone, and to report pins as soon as it was told to reload.
testWith(['skopeo', 'busybox'])('the pins of other sets and of the node itself stay', async () => {
  const { file, images } = await writeShop()
  const root = await temporaryDirectory()
  const directory = join(root, dirname(DROP_IN))
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, '../crio.conf'), '[crio.image]\npinned_images = ["quay.io/overridden:1"]\n')
  await writeFile(
    join(directory, '10-admin.conf'),
    '[crio.image]\n# pinned_images = [\npinned_images = [ \'quay.io/one:1\',\n  # none\n  "quay.io/two*" ]\npause_image = "quay.io/pause:1"\n',
  )
  const env = { CONTAINERS_STORAGE_CONF: await storageConfig(root) }
  const [web, job] = images as [LockedImage, LockedImage]
  const seed = async (set: string, locked: LockedImage[], ...more: string[]) => {
    const list = join(root, 'names.txt')
    await writeFile(list, renderNames({ version: 1, images: locked }))
    return runNodeScript(['--method', 'cri-o', '--root', root, '--set-name', set, '--names', list, ...more, file], {
      env,
    })
  }
  expect(await seed('one', [web])).toMatchObject({ code: 0 })
  expect(await seed('two', [web, job])).toMatchObject({ code: 0 })
  expect(await seed('two', [job])).toMatchObject({ code: 0, report: { result: 'seeded' } })
  expect(await pinsOf(root)).toEqual([...web.names, 'quay.io/one:1', 'quay.io/two*', ...job.names])
  for (const [set, locked] of [
    ['one', web],
    ['two', job],
  ] as const)
    expect(await seed(set, [locked], '--check'), set).toMatchObject({ code: 0 })
})

// CRI-O looks into crio.conf.d only if that was there when it started: told to reload, CRI-O 1.34 then read no pins.
testWith(['skopeo'])('pins that CRI-O has not read are no pins', async () => {
  const { file, images } = await writeShop()
  const names = images.flatMap((image) => image.names)
  const root = await temporaryDirectory()
  const [crio, config] = [join(root, 'usr/bin/crio'), join(root, 'config')]
  await mkdir(dirname(crio), { recursive: true })
  await writeFile(
    crio,
    `#!/bin/sh\n[ "$*" = "status --socket ${root}/run/crio/crio.sock config" ] && cat '${config}'\n`,
  )
  await chmod(crio, 0o755)
  await writeFile(config, 'pinned_images = ["registry.k8s.io/pause:3.9"]\n')
  const env = { CONTAINERS_STORAGE_CONF: await storageConfig(root) }
  const seed = (...more: string[]) => runNodeScript(['--method', 'cri-o', '--root', root, ...more, file], { env })
  const unread = await seed()
  expect(unread, unread.stderr).toMatchObject({ code: 4, report: { message: 'images are not pinned', missing: names } })
  expect(unread.stderr).toContain('CRI-O does not read /etc/crio/crio.conf.d/99-nodeseed.conf: restart it')
  await writeFile(config, `pinned_images = [${names.map((name) => `"${name}"`).join(', ')}]\n`)
  expect(await seed('--check')).toMatchObject({ code: 0 })
})

async function pinsOf(root: string): Promise<string[]> {
  const dropIn = await readFile(join(root, DROP_IN), 'utf8')
  return [...dropIn.matchAll(/^ {2}"(.*)", # /gm)].map(([, name = '']) => name)
}

/** A containers-storage of the test's own, without the need for any mount. */
async function storageConfig(directory: string): Promise<string> {
  const file = join(directory, 'storage.conf')
  await writeFile(file, `[storage]\ndriver = "vfs"\ngraphroot = "${directory}/graph"\nrunroot = "${directory}/run"\n`)
  return file
}

testWith(['skopeo'], { root: true })('an image for which TMPDIR is too small takes no other with it', async () => {
  const blobs: Blobs = new Map()
  const [first, big, last] = await Promise.all(
    Object.entries({ first: 1_000, big: 3_000_000, last: 1_000 }).map(async ([name, bytes]) => {
      const part = makeImage(blobs, [await makeLayer(blobs, { [name]: randomBytes(bytes) })], {
        platform: thisPlatform(),
      })
      return lockImage(`registry.example/${name}`, '1', part.manifest, [part])
    }),
  )
  const root = await temporaryDirectory()
  const file = join(root, 'bundle.tar')
  await writeTestBundle(file, [first!, big!, last!], blobs)
  const TMPDIR = await smallDisk(1000)
  const env = { CONTAINERS_STORAGE_CONF: await storageConfig(root), TMPDIR }
  const run = await runNodeScript(['--method', 'cri-o', '--root', root, file], { env })
  expect(run, run.stderr).toMatchObject({ code: 4, report: { result: 'gap', imported: 4, missing: big?.names } })
  const missing = (run.report.images as { there: boolean; why?: string }[]).filter(({ there }) => !there)
  for (const { why } of missing) expect(why).toBe(`cannot be taken out of the bundle into ${TMPDIR}: is it full?`)
})
