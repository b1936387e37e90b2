import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { startContainerd } from '../support/containerd.ts'
import { runTool, testWith } from '../support/debian.ts'
import { startDocker } from '../support/dockerd.ts'
import { type Blobs, lockImage, makeImage, makeIndex, makeLayer, thisPlatform } from '../support/image-maker.ts'
import { NERDCTL_PROGRAMS } from '../support/nerdctl.ts'
import { runNodeScript } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** A runtime whose images carry no labels. */
interface Node {
  readonly args: readonly string[]
  readonly env: Record<string, string>
  readonly runtime: string
  readonly client: Client
}

/** What somebody does to it by hand. */
interface Client {
  tag(name: string, other: string): Promise<unknown>
  untag(name: string): Promise<unknown>
  createContainer(name: string): Promise<unknown>
  removeContainer(): Promise<unknown>
  /** The names of its images, then their IDs. */
  list(): Promise<[name: string, id: string][]>
}

type Run = (...args: string[]) => Promise<string>

const withContainerd = testWith(['containerd', 'ctr'], { root: true })
const withDocker = testWith(['docker', 'dockerd', 'containerd'], { root: true })
const withStorage = testWith(['skopeo', 'podman'], { root: true })

withDocker('docker lets go what an older bundle of the set brought, and nothing else', async () => {
  const { program, docker } = await startDocker()
  const args = ['--method', 'docker', '--ctr', program]
  await months({ args, env: await notes(), runtime: 'docker', client: dockerLike(docker) })
})

withStorage('podman does', async () => {
  const { env, podman } = await storage()
  const node = { args: ['--method', 'podman'], env, runtime: 'podman', client: dockerLike(podman) }
  const prune = await months(node, { isThorough: true })
  const blind = join(await temporaryDirectory(), 'podman')
  await writeFile(blind, '#!/bin/sh\n[ "$1" != ps ] || { echo locked >&2; exit 1; }\nexec podman "$@"\n', {
    mode: 0o755,
  })
  expect(await prune('--ctr', blind)).toMatchObject({
    report: { pruned: 0 },
    stderr: expect.stringContaining('nobody can tell what containers were made from: locked'),
  })
})

withStorage('so does CRI-O, by skopeo', async () => {
  const { env, podman, root } = await storage()
  const args = ['--method', 'cri-o', '--ctr', 'skopeo', '--root', root]
  // skopeo can only remove a whole image.
  await months({ args, env, runtime: 'cri-o', client: dockerLike(podman) }, { keepsNames: true })
})

for (const [what, program] of NERDCTL_PROGRAMS) {
  withContainerd(`so does nerdctl: ${what}`, async () => {
    const { socket, ctr } = await startContainerd()
    const args = ['--method', 'nerdctl', '--address', socket, '--ctr', await program()]
    const env = await notes()
    const prune = await months({ args, env, runtime: 'containerd', client: containerdOf(ctr) })
    await rm(join(env.NODESEED_BROUGHT ?? '', 'containerd-other'))
    await ctr('images', 'label', 'registry.example/shared:1', 'nodeseed.dev/apart=0123456789abcdef')
    expect((await prune()).stderr).toContain('kept, because another program pinned it: registry.example/shared:1')
  })
}

async function months({ args, env, runtime, client }: Node, { keepsNames = false, isThorough = false } = {}) {
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
    runNodeScript([...args, '--set-name', set, ...more, file], { env })
  // Somebody else brought one before, and gave another a name later; a container is there, and a set of another name.
  expect((await seed('elsewhere', await bundle(before), '--no-pin')).code).toBe(0)
  await writeFile(join(env.NODESEED_BROUGHT ?? '', `${runtime}-elsewhere`), '')
  const may = await bundle(old, moved, tagged, used, before, shared)
  const first = await seed('shop', may)
  expect(first, first.stderr).toMatchObject({ code: 0, report: { result: 'seeded', imported: 6 } })
  await client.tag('registry.example/tagged:1', 'registry.example/mine:1')
  await client.createContainer('registry.example/used:1')
  expect((await seed('other', await bundle(shared))).report).toMatchObject({ result: expect.anything(), imported: 0 })

  const june = await bundle(after)
  if (isThorough) {
    expect((await seed('shop', june)).report).toMatchObject({ result: 'seeded', pruned: 0 })
    expect(await names(client)).toContain('old')
  }
  const pruned = await seed('shop', june, '--prune')
  expect(pruned, pruned.stderr).toMatchObject({ code: 0, report: { result: 'seeded' } })
  const stay = ['before', 'mine', 'moved', 'shared', 'used']
  expect(await names(client)).toEqual([...stay, ...(keepsNames ? ['tagged'] : [])].sort())
  expect(new Set((await client.list()).map(([, id]) => id)).size).toBe(stay.length)
  expect(pruned.stderr).toContain('kept, because a container was made from it: registry.example/used:1')
  expect(pruned.stderr).toContain('kept, because another set wants it: registry.example/shared:1')

  await client.removeContainer()
  await client.untag('registry.example/mine:1')
  const last = await seed('shop', june, '--prune')
  expect(last, last.stderr).toMatchObject({ code: 0, report: { result: 'seeded' } })
  expect(await names(client)).toEqual(['before', 'moved', 'shared'])
  if (isThorough) {
    expect((await seed('shop', june, '--prune')).report).toMatchObject({ result: 'unchanged', pruned: 0 })
  }
  return (...more: string[]) => seed('shop', june, '--prune', ...more)
}

function dockerLike(run: Run): Client {
  return {
    tag: (name, other) => run('tag', name, other),
    untag: (name) => run('rmi', name),
    createContainer: (name) => run('create', '--name', 'holds', name, '/bin/true'),
    removeContainer: () => run('rm', 'holds'),
    list: async () => rows(await run('images', '--all', '--no-trunc', '--format', '{{.Repository}} {{.ID}}')),
  }
}

function containerdOf(ctr: Run): Client {
  return {
    tag: (name, other) => ctr('images', 'tag', name, other),
    untag: (name) => ctr('images', 'rm', name),
    createContainer: (name) => ctr('containers', 'create', name, 'holds'),
    removeContainer: () => ctr('containers', 'rm', 'holds'),
    list: async () => {
      const lines = (await ctr('images', 'ls')).split('\n').slice(1).join('\n')
      return rows(lines.replace(/^(\S+) +\S+ +(\S+) .*$/gm, '$1 $2'))
    },
  }
}

function rows(text: string): [name: string, id: string][] {
  return text
    .trim()
    .split('\n')
    .map((line) => line.split(' ') as [string, string])
}

/** The last parts of the repositories that have a tag. */
async function names(client: Client): Promise<string[]> {
  const parts = (await client.list()).flatMap(([name]) => /\/([^/:@]+)[^/]*$/.exec(name)?.[1] ?? [])
  return [...new Set(parts)].sort()
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
