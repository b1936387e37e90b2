import { open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Lock } from '../../src/bundle/format/lock.ts'
import { demoContent } from '../../src/demo/images.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import { formatPlatform } from '../../src/oci/platform.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { runCli } from '../support/cli.ts'
import { startContainerd } from '../support/containerd.ts'
import { runTool, testWith, tool, toolEnvironment } from '../support/debian.ts'
import { startDocker } from '../support/dockerd.ts'
import { thisPlatform } from '../support/image-maker.ts'
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

testWith(['docker', 'dockerd', 'containerd'], { root: true })(
  'into docker: one image, then all by their tags, and what docker cannot keep is said',
  async () => {
    const { file, lock } = await demoBundle()
    const { program, docker } = await startDocker()
    const load = (...names: string[]) => runCli(['load', file, ...names, '--method', 'docker', '--ctr', program])
    const one = await load(WEB)
    expect(one.stdout).toBe(
      "docker: seeded, 2 names, 2 imported; docker's classic store keeps no registry digests: 1 names are there by tag only, and a pod that names the digest would pull\n",
    )
    expect(await docker('images', '--format', '{{.Repository}}:{{.Tag}}')).toBe(`${WEB}\n`)
    expect((await load()).exitCode).toBe(0)
    for (const [tag, config] of configsByTag(lock)) {
      expect((await docker('image', 'inspect', '--format', '{{.Id}}', tag)).trim()).toBe(config)
    }
    expect((await load()).stdout).toContain('docker: unchanged')
  },
)

testWith(['podman'], { root: true })('into podman: every name, by tag and by digest', async () => {
  const { file, lock } = await demoBundle()
  const env = await ownStorage()
  const load = () => runCli(['load', file, '--method', 'podman', '--ctr', tool('podman')], { env })
  const first = await load()
  expect(first.stdout, first.stderr).toContain('podman: seeded')
  const { stdout } = await runTool('podman', ['images', '--format', '{{.Repository}}:{{.Tag}}'], { env })
  expect(stdout.trim().split('\n').sort()).toEqual([...configsByTag(lock).keys()].sort())
  for (const name of lock.images.flatMap(({ names }) => names))
    await runTool('podman', ['image', 'exists', name], { env })
  expect((await load()).stdout).toContain('podman: unchanged')
})

testWith(['skopeo'])("into CRI-O's storage: every name, by tag and by digest", async () => {
  const { file, lock } = await demoBundle()
  const env = await ownStorage()
  const first = await runCli(['load', file, '--method', 'cri-o', '--ctr', tool('skopeo'), '--no-pin'], { env })
  expect(first.stdout, first.stderr).toContain('cri-o: seeded')
  for (const name of lock.images.flatMap(({ names }) => names)) {
    await runTool('skopeo', ['inspect', '--raw', `containers-storage:${name}`], { env })
  }
})

/** Environment in which podman and skopeo keep images in a directory of the test's own. */
async function ownStorage(): Promise<Record<string, string>> {
  const directory = await temporaryDirectory()
  const file = join(directory, 'storage.conf')
  await writeFile(file, `[storage]\ndriver = "vfs"\ngraphroot = "${directory}/graph"\nrunroot = "${directory}/run"\n`)
  const { PATH = '', LD_LIBRARY_PATH = '' } = toolEnvironment()
  return { CONTAINERS_STORAGE_CONF: file, PATH, LD_LIBRARY_PATH }
}

/** The config of each tagged image, on this platform. */
function configsByTag({ images }: Lock): Map<string, string> {
  return new Map(
    images.flatMap(({ names, platforms }) => {
      const part = platforms.find(({ platform }) => formatPlatform(platform) === thisPlatform())
      const tags = names.filter((name) => !name.includes('@'))
      return part ? tags.map((tag) => [tag, part.config.digest] as const) : []
    }),
  )
}

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

withContainerd('a bundle in parts is loaded as it is', async () => {
  const { file } = await demoBundle()
  const content = await readFile(file)
  const half = Math.ceil(content.length / 2)
  await writeFile(`${file}.part001`, content.subarray(0, half))
  await writeFile(`${file}.part002`, content.subarray(half))
  await rm(file)
  const containerd = await startContainerd()
  const { exitCode, stdout, stderr } = await runCli(['load', file, ...reach(containerd)])
  expect(exitCode, stderr).toBe(0)
  expect(stdout).toContain('containerd: seeded')
})

const SILENT = '#!/bin/sh\nkill -9 $PPID\n'

test.for<[why: string, args: (file: string) => string[], exitCode: number, code: string, said: RegExp]>([
  ['no runtime', () => ['--method', 'directory'], 3, 'NODE_FAILED', /no runtime found/],
  ['no client of it', () => ['--method', 'docker', '--ctr', '/none/docker'], 3, 'NODE_FAILED', /docker/],
  ['no socket', () => ['--address', '/none.sock'], 3, 'NODE_FAILED', /\/none\.sock/],
  ['another platform', (file) => ['--platform', 'linux/s390x', ...silentDocker(file)], 2, 'INPUT_INVALID', /s390x/],
  ['a script that dies', (file) => silentDocker(file), 3, 'NODE_FAILED', /was stopped/],
])('a load that fails says so as every command does: %s', async ([, args, expected, code, said]) => {
  const { file } = await demoBundle()
  await writeFile(`${file}.docker`, SILENT, { mode: 0o755 })
  const [text, json] = await Promise.all([
    runCli(['load', file, ...args(file)]),
    runCli(['load', file, ...args(file), '--json']),
  ])
  expect(text).toMatchObject({ exitCode: expected, stdout: '' })
  const [, failure = 'none'] = /^error: (.*)$/m.exec(text.stderr) ?? []
  expect(text.stderr.split(failure), 'it is said once').toHaveLength(2)
  expect(text.stderr).toMatch(said)
  const { error } = JSON.parse(json.stdout)
  expect({ exitCode: json.exitCode, code: error.code }).toEqual({ exitCode: expected, code })
  expect(text.stderr).toContain(`error: ${error.message}\n  try: ${error.hint}\n  code: ${code}\n`)
})

test('a place for temporary files that is none is named', async () => {
  const { file } = await demoBundle()
  const { exitCode, stdout } = await runCli(['load', file, '--json'], { env: { TMPDIR: file } })
  expect(exitCode).toBe(2)
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'INPUT_NOT_FOUND' } })
})

function silentDocker(file: string): string[] {
  return ['--method', 'docker', '--ctr', `${file}.docker`]
}
