import { execFile } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { seedSetDigest } from '../../src/bundle/format/seed-set.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { startContainerd } from '../support/containerd.ts'
import { runTool, testWith, tool, toolEnvironment } from '../support/debian.ts'
import { type Blobs, lockImage, makeImage, makeLayer, thisPlatform } from '../support/image-maker.ts'
import { NODE_SCRIPT, runNodeScript } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { testImages, writeShop } from '../support/test-images.ts'

const run = promisify(execFile)

/** Every file below a directory, by path. */
async function filesBelow(directory: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return new Map(
    await Promise.all(
      paths.map(async (path) => [path.slice(directory.length + 1), await readFile(path)] as [string, Buffer]),
    ),
  )
}

test.for<[runtime: string, directory: string]>([
  ['k3s', 'var/lib/rancher/k3s/agent/images'],
  ['rke2', 'var/lib/rancher/rke2/agent/images'],
  ['k0s', 'var/lib/k0s/images'],
])(
  '%s: one plain archive with full names in its image directory, for this platform only',
  async ([runtime, directory]) => {
    const root = await temporaryDirectory()
    await mkdir(join(root, directory, '..'), { recursive: true })
    const { images, blobs } = await smallImages()
    const bundle = join(await temporaryDirectory(), 'b.tar')
    const lock = await writeTestBundle(bundle, images, blobs)
    const args = ['--method', 'directory', '--root', root, '--platform', 'linux/amd64', bundle]
    // What a loss of power left of an earlier run.
    const archive = `${directory}/nodeseed-images-${seedSetDigest(lock)}.tar`
    await mkdir(join(root, directory), { recursive: true })
    await writeFile(join(root, archive), '')
    const first = await runNodeScript(args)
    expect(first, first.stderr).toMatchObject({ code: 0, report: { result: 'seeded', runtime, method: 'directory' } })
    expect(first.report.message).toBe(
      `${runtime} imports the archive by itself, soon or at its next start; whether it did is not seen here`,
    )

    expect([...(await filesBelow(root)).keys()]).toEqual([archive])
    const unpacked = await temporaryDirectory()
    await run('tar', ['-xf', join(root, archive), '-C', unpacked])
    const files = await filesBelow(unpacked)
    const index = JSON.parse(files.get('index.json')?.toString() ?? '')
    expect(index.manifests).toEqual(
      images[0]?.names.map((name) => ({
        mediaType: images[0]?.target.mediaType,
        digest: images[0]?.target.digest,
        size: images[0]?.target.size,
        annotations: { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name },
      })),
    )
    const held = [...files].filter(([path]) => path.startsWith('blobs/'))
    for (const [path, content] of held) expect(digestOf(content)).toBe(path.replace('blobs/sha256/', 'sha256:'))
    expect(held).toHaveLength(3)
    expect(await runNodeScript(args)).toMatchObject({ code: 0, report: { result: 'unchanged' } })

    const next = join(await temporaryDirectory(), 'next.tar')
    await writeTestBundle(next, images.slice(0, 1), blobs)
    const others = `${directory}/nodeseed-images-more-0123456789abcdef.tar`
    await writeFile(join(root, others), 'of the set images-more')
    const pruned = await runNodeScript([...args.slice(0, -1), '--prune', next])
    expect(pruned).toMatchObject({ code: 0, report: { result: 'seeded', pruned: 1 } })
    const left = [...(await filesBelow(root)).keys()]
    expect(left).toHaveLength(2)
    expect(left).toContain(others)
    expect(left).not.toContain(archive)
  },
)

test('talos: manifests by registry, repository, tag and digest; blobs by digest', async () => {
  const { images, blobs } = await smallImages()
  const bundle = join(await temporaryDirectory(), 'b.tar')
  await writeTestBundle(bundle, images, blobs)
  const root = await temporaryDirectory()
  const args = ['--method', 'talos', '--root', root, '--platform', 'linux/amd64', bundle]
  const first = await runNodeScript(args)
  expect(first, first.stderr).toMatchObject({ code: 0, report: { result: 'seeded', runtime: 'talos' } })
  expect(first.report.message).toContain('it has to be brought to them')
  const [
    {
      target,
      platforms: [part],
    },
  ] = images as [LockedImage]
  const dashed = (digest: string) => digest.replace(':', '-')
  const repository = 'manifests/registry.example_5000_/team/app'
  const expected = new Map([
    [`${repository}/reference/1`, target.digest],
    [`${repository}/digest/${dashed(target.digest)}`, target.digest],
    ...[part!.config, ...part!.layers].map(({ digest }) => [`blob/${dashed(digest)}`, digest] as const),
  ])
  const files = await filesBelow(root)
  expect(new Map([...files].map(([path, content]) => [path, digestOf(content)]))).toEqual(expected)
  const again = await runNodeScript(['--prune', ...args])
  expect(again).toMatchObject({ code: 0, report: { result: 'unchanged', pruned: 0 } })
  expect(again.stderr).toContain('make the next one in a new directory')
})

testWith(['script'])('on a terminal the last line is one for people', async () => {
  const { images, blobs } = await smallImages()
  const bundle = join(await temporaryDirectory(), 'b.tar')
  await writeTestBundle(bundle, images, blobs)
  const root = await temporaryDirectory()
  const lastLine = async (...more: string[]) => {
    const words = ['sh', NODE_SCRIPT, '--method', 'talos', '--root', root, '--platform', 'linux/amd64', ...more, bundle]
    const call = ['--quiet', '--return', '--command', words.join(' '), '/dev/null']
    const { stdout } = await runTool('script', call).catch((error: { stdout: string }) => error)
    return stdout.trim().split('\r\n').at(-1)
  }
  expect(await lastLine('--check')).toBe('seed.sh: images are missing: 2 of 2 names; the line of JSON says of each why')
  expect(await lastLine()).toMatch(/^seed\.sh: 2 names, 2 imported, 0 pinned: [a-z]/)
})

testWith(['skopeo'])("talos: the same files as the one layer of an image, for Talos's imager", async () => {
  const { images, blobs } = await smallImages()
  const bundle = join(await temporaryDirectory(), 'b.tar')
  await writeTestBundle(bundle, images, blobs)
  const [flat, root] = [await temporaryDirectory(), join(await temporaryDirectory(), 'image-cache.oci')]
  const args = (directory: string) => ['--method', 'talos', '--root', directory, '--platform', 'linux/amd64']
  await runNodeScript([...args(flat), bundle])
  const first = await runNodeScript([...args(root), '--layout', 'oci', bundle])
  expect(first, first.stderr).toMatchObject({ code: 0, report: { result: 'seeded' } })

  const { stdout } = await runTool('skopeo', ['inspect', `oci:${root}`])
  expect(JSON.parse(stdout)).toMatchObject({ Architecture: 'amd64', Os: 'linux', Layers: [expect.any(String)] })
  const [layer = ''] = JSON.parse(stdout).Layers as string[]
  const unpacked = await temporaryDirectory()
  await run('tar', ['-xf', join(root, 'blobs', layer.replace(':', '/')), '-C', unpacked])
  expect(await filesBelow(unpacked)).toEqual(await filesBelow(flat))
  const { manifests } = JSON.parse(await readFile(join(root, 'index.json'), 'utf8'))
  expect(manifests).toMatchObject([{ platform: { architecture: 'amd64', os: 'linux' } }])
  expect((await readdir(root)).sort()).toEqual(['blobs', 'index.json', 'oci-layout'])
  expect(await runNodeScript([...args(root), '--layout', 'oci', bundle])).toMatchObject({
    code: 0,
    report: { result: 'unchanged' },
  })
  await writeFile(join(root, 'index.json'), '{}')
  expect(await runNodeScript([...args(root), '--layout', 'oci', bundle])).toMatchObject({
    code: 2,
    report: { message: expect.stringContaining('not of ours') },
  })
})

testWith(['podman', 'busybox'], { root: true })('podman: every name by tag and by digest', async () => {
  const { file, images } = await writeShop()
  const env = toolEnvironment()
  const podman = await podmanProgram(await temporaryDirectory())
  const args = ['--method', 'podman', '--ctr', podman, file]
  const first = await runNodeScript(args)
  expect(first, first.stderr).toMatchObject({ code: 0, report: { result: 'seeded', runtime: 'podman', names: 4 } })
  for (const { names, platforms } of images) {
    for (const name of names) {
      const { stdout } = await run(podman, ['image', 'inspect', '--format', '{{.Id}}', name], { env })
      expect(`sha256:${stdout.trim()}`).toBe(platforms[0]?.config.digest)
    }
  }
  const { stdout } = await run(podman, ['images', '--format', '{{.Repository}}:{{.Tag}}'], { env })
  expect(stdout.trim().split('\n').sort()).toEqual(images.map(({ names }) => names[0]).sort())
  expect((await runNodeScript(args)).report).toMatchObject({ result: 'unchanged' })
})

testWith(['podman', 'busybox'], { root: true })('CRI-O without skopeo: podman does it, and pins', async () => {
  const { file, images } = await writeShop()
  const root = await temporaryDirectory()
  const podman = await podmanProgram(await temporaryDirectory())
  const args = ['--method', 'cri-o', '--root', root, '--ctr', podman, file]
  const first = await runNodeScript(args)
  expect(first, first.stderr).toMatchObject({ code: 0, report: { runtime: 'cri-o', method: 'podman', pinned: 4 } })
  const dropIn = await readFile(join(root, 'etc/crio/crio.conf.d/99-nodeseed.conf'), 'utf8')
  for (const name of images.flatMap(({ names }) => names)) {
    await run(podman, ['image', 'exists', name], { env: toolEnvironment() })
    expect(dropIn).toContain(`"${name}"`)
  }
  expect((await runNodeScript(args)).report).toMatchObject({ result: 'unchanged' })
})

testWith(['podman', 'busybox'], { root: true })('podman: an image that only a digest names', async () => {
  const blobs: Blobs = new Map()
  const app = makeImage(blobs, [await makeLayer(blobs, { 'etc/app': 'app' })], { platform: thisPlatform() })
  const image = lockImage('registry.example/team/app', '1', app.manifest, [app])
  const digest = image.names.filter((name) => name.includes('@'))
  const bundle = join(await temporaryDirectory(), 'b.tar')
  await writeTestBundle(bundle, [{ ...image, names: digest }], blobs)
  const podman = await podmanProgram(await temporaryDirectory())
  const first = await runNodeScript(['--method', 'podman', '--ctr', podman, bundle])
  expect(first, first.stderr).toMatchObject({ code: 0, report: { result: 'seeded', missingCount: 0 } })
  await run(podman, ['image', 'exists', digest[0] ?? ''], { env: toolEnvironment() })
})

testWith(['podman', 'busybox'], { root: true })('podman load takes the bundle as it is', async () => {
  const { file, images } = await writeShop()
  const podman = await podmanProgram(await temporaryDirectory())
  const env = toolEnvironment()
  await run(podman, ['load', '--input', file], { env })
  for (const { names } of images) await run(podman, ['image', 'exists', names[0] ?? ''], { env })
})

testWith(['containerd', 'ctr', 'runc', 'busybox'], { root: true })(
  'bake: a machine image holds everything when its containerd starts for the first time',
  async () => {
    const { file, images } = await writeShop()
    const root = await temporaryDirectory()
    const baked = await runNodeScript(['--method', 'bake', '--ctr', tool('ctr'), '--root', root, file])
    expect(baked, baked.stderr).toMatchObject({ code: 0, report: { result: 'seeded', missingCount: 0 } })
    const containerd = await startContainerd({ root: join(root, 'var/lib/containerd') })
    for (const name of images.flatMap(({ names }) => names)) {
      expect(await containerd.cri.imageStatus(name), name).toBeDefined()
    }
    const output = await containerd.ctr('run', '--rm', '--snapshotter', 'overlayfs', 'docker.io/library/web:1', 'web-1')
    expect(output).toBe('web starts\n')
  },
)

test('--feature publishes labels for Node Feature Discovery as long as every image is there', async () => {
  const { images, blobs } = await smallImages()
  const bundle = join(await temporaryDirectory(), 'b.tar')
  await writeTestBundle(bundle, images, blobs)
  const root = await temporaryDirectory()
  await mkdir(join(root, 'var/lib/k0s'), { recursive: true })
  const features = ['--feature', 'a.nodeseed.dev/01=seeded', '--feature', 'a.nodeseed.dev/02=seeded']
  const args = ['--method', 'directory', '--root', root, '--platform', 'linux/amd64', ...features]
  await runNodeScript([...args, bundle])
  const directory = join(root, 'etc/kubernetes/node-feature-discovery/features.d')
  expect(await readdir(directory)).toEqual(['nodeseed-images'])
  expect(await readFile(join(directory, 'nodeseed-images'), 'utf8')).toBe(
    'a.nodeseed.dev/01=seeded\na.nodeseed.dev/02=seeded\n',
  )
})

test.for<[what: string, args: string[], message: string]>([
  ['a method that is none', ['--method', 'magic'], 'no such method'],
  ['a node without any runtime', ['--root', '/nonexistent', '--method', 'ctr'], 'no runtime found'],
  ['an image directory of nothing', ['--root', '/nonexistent', '--method', 'directory'], 'no runtime found'],
  ['a machine image that is not named', ['--method', 'bake'], 'bake needs --root'],
  ['an image cache that is not named', ['--method', 'talos'], 'talos needs --root'],
])('%s is said', async ([, args, message]) => {
  const { images, blobs } = await testImages()
  const bundle = join(await temporaryDirectory(), 'b.tar')
  await writeTestBundle(bundle, images, blobs)
  const { code, report } = await runNodeScript([...args, bundle])
  expect([2, 3]).toContain(code)
  expect(report).toMatchObject({ result: 'failed', message: expect.stringContaining(message) })
})

/** One image for amd64, and one for another platform that must not come along. */
async function smallImages(): Promise<{ images: LockedImage[]; blobs: Blobs }> {
  const blobs: Blobs = new Map()
  const app = makeImage(blobs, [await makeLayer(blobs, { 'etc/app': 'app' })], { platform: 'linux/amd64' })
  const other = makeImage(blobs, [await makeLayer(blobs, { 'etc/other': 'other' })], { platform: 'linux/s390x' })
  const images = [
    lockImage('registry.example:5000/team/app', '1', app.manifest, [app]),
    lockImage('registry.example/other', '1', other.manifest, [other]),
  ]
  return { images, blobs }
}

/** A program that is podman over a storage of the test's own. */
async function podmanProgram(directory: string): Promise<string> {
  const program = join(directory, 'podman')
  const policy = join(directory, 'policy.json')
  await writeFile(policy, '{"default":[{"type":"insecureAcceptAnything"}]}')
  const storage = `--storage-driver vfs --root ${directory}/root --runroot ${directory}/run --tmpdir ${directory}/tmp`
  const script = `#!/bin/sh
if [ "$1" = load ]; then shift; set -- load --signature-policy ${policy} "$@"; fi
exec ${tool('podman')} ${storage} "$@"
`
  await writeFile(program, script)
  await chmod(program, 0o755)
  return program
}
