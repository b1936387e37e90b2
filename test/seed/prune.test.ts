import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { runTool, testWith } from '../support/debian.ts'
import { startDocker } from '../support/dockerd.ts'
import { type Blobs, lockImage, makeImage, makeIndex, makeLayer, thisPlatform } from '../support/image-maker.ts'
import { runNodeScript } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** A runtime whose images carry no labels. */
interface Node {
  readonly args: readonly string[]
  readonly env: Record<string, string>
  /** The client of the runtime. */
  run(...args: string[]): Promise<string>
}

const withDocker = testWith(['docker', 'dockerd', 'containerd'], { root: true })
const withStorage = testWith(['skopeo', 'podman'], { root: true })

withDocker('docker lets go what an older bundle of the set brought, and nothing else', async () => {
  const { program, docker } = await startDocker()
  await months({ args: ['--method', 'docker', '--ctr', program], env: await notes(), run: docker })
})

withStorage('podman does', async () => {
  const { env, podman } = await storage()
  await months({ args: ['--method', 'podman'], env, run: podman })
})

withStorage('so does CRI-O, by skopeo', async () => {
  const { env, podman, root } = await storage()
  const node = { args: ['--method', 'cri-o', '--ctr', 'skopeo', '--root', root], env, run: podman }
  // skopeo can only remove a whole image.
  await months(node, { keepsNames: true })
})

async function months(node: Node, { keepsNames = false } = {}): Promise<void> {
  const { env, run } = node
  const blobs: Blobs = new Map()
  const [old, moved, after, tagged, used, before, shared] = await Promise.all(
    ['old', 'moved', 'moved', 'tagged', 'used', 'before', 'shared'].map((name, index) =>
      image(blobs, name, `${name} ${index}`),
    ),
  )
  const bundle = async (...images: (LockedImage | undefined)[]) => {
    const file = join(await temporaryDirectory(), 'bundle.tar')
    await writeTestBundle(file, images as LockedImage[], blobs)
    return file
  }
  const seed = (set: string, file: string, ...more: string[]) =>
    runNodeScript([...node.args, '--set-name', set, ...more, file], { env })
  // Somebody else brought one before, and gave another a name later; a container is there, and a set of another name.
  expect((await seed('elsewhere', await bundle(before), '--no-pin')).code).toBe(0)
  await writeFile(join(env.NODESEED_BROUGHT ?? '', `${node.args[1]}-elsewhere`), '')
  const may = await bundle(old, moved, tagged, used, before, shared)
  const first = await seed('shop', may)
  expect(first, first.stderr).toMatchObject({ code: 0, report: { result: 'seeded', imported: 6 } })
  await run('tag', 'registry.example/tagged:1', 'registry.example/mine:1')
  await run('create', '--name', 'holds', 'registry.example/used:1', '/bin/true')
  expect((await seed('other', await bundle(shared))).report).toMatchObject({ result: expect.anything(), imported: 0 })

  const june = await bundle(after)
  expect((await seed('shop', june)).report).toMatchObject({ result: 'seeded', pruned: 0 })
  expect(await names(run)).toContain('old')
  const pruned = await seed('shop', june, '--prune')
  expect(pruned, pruned.stderr).toMatchObject({ code: 0, report: { result: 'seeded' } })
  const stay = ['before', 'mine', 'moved', 'shared', 'used']
  expect(await names(run)).toEqual([...stay, ...(keepsNames ? ['tagged'] : [])].sort())
  expect(await ids(run)).toHaveLength(stay.length)
  expect(pruned.stderr).toContain('kept, because a container was made from it: registry.example/used:1')
  expect(pruned.stderr).toContain('kept, because another set wants it: registry.example/shared:1')

  await run('rm', 'holds')
  await run('rmi', 'registry.example/mine:1')
  const last = await seed('shop', june, '--prune')
  expect(last, last.stderr).toMatchObject({ code: 0, report: { result: 'seeded' } })
  expect(await names(run)).toEqual(['before', 'moved', 'shared'])
  expect((await seed('shop', june, '--prune')).report).toMatchObject({ result: 'unchanged', pruned: 0 })
}

async function image(blobs: Blobs, name: string, content: string): Promise<LockedImage> {
  const layers = [await makeLayer(blobs, { [`etc/${name}`]: content })]
  const part = makeImage(blobs, layers, { platform: thisPlatform(), docker: true })
  if (name !== 'old') {
    const locked = lockImage(`registry.example/${name}`, '1', part.manifest, [part])
    return { ...locked, names: locked.names.slice(0, 1) }
  }
  return lockImage(`registry.example/${name}`, '1', makeIndex(blobs, [part], ['linux/386']), [part])
}

/** The last parts of the repositories that have a tag. */
async function names(run: Node['run']): Promise<string[]> {
  const said = await run('images', '--format', '{{.Repository}}')
  return [...new Set(said.split('\n').flatMap((line) => line.split('/').at(-1) || []))].sort()
}

async function ids(run: Node['run']): Promise<string[]> {
  return [...new Set((await run('images', '--all', '--quiet', '--no-trunc')).trim().split('\n'))]
}

async function notes(): Promise<Record<string, string>> {
  return { NODESEED_BROUGHT: await temporaryDirectory() }
}

/** A containers-storage of the test's own, without the need for any mount. */
async function storage() {
  const root = await temporaryDirectory()
  const file = join(root, 'storage.conf')
  await writeFile(file, `[storage]\ndriver = "vfs"\ngraphroot = "${root}/graph"\nrunroot = "${root}/run"\n`)
  const env = { ...(await notes()), CONTAINERS_STORAGE_CONF: file }
  const podman = async (...args: string[]) => (await runTool('podman', args, { env })).stdout
  return { root, env, podman }
}
