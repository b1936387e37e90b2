import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { LockedImage } from '../../src/bundle/format/lock.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { startContainerd } from '../support/containerd.ts'
import { testWith, tool, toolEnvironment } from '../support/debian.ts'
import { type Blobs, lockImage, makeImage, makeIndex, makeLayer, thisPlatform } from '../support/image-maker.ts'
import { NODE_SCRIPT, reach, runNodeScript, startNodeScript } from '../support/node-script.ts'
import { smallDisk } from '../support/small-disk.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { writeShop } from '../support/test-images.ts'

const withContainerd = testWith(['containerd', 'ctr', 'runc', 'busybox'], { root: true })
const platform = thisPlatform()

/** An image of one layer, named `registry.example/<name>:1`. */
async function oneLayer(blobs: Blobs, name: string, content: Buffer | string = name): Promise<LockedImage> {
  const part = makeImage(blobs, [await makeLayer(blobs, { [`etc/${name}`]: content })], { platform })
  return lockImage(`registry.example/${name}`, '1', part.manifest, [part])
}

async function bundleOf(images: readonly LockedImage[], blobs: Blobs, leaveOut = new Set<never>()): Promise<string> {
  const file = join(await temporaryDirectory(), 'bundle.tar')
  await writeTestBundle(file, [...images], blobs, { leaveOut })
  return file
}

interface ImageState {
  readonly name: string
  readonly there: boolean
  readonly why?: string
}

const statesOf = (report: Record<string, unknown>) => report.images as ImageState[]

withContainerd(
  'a disk that is full while a layer is unpacked is a gap of that image alone, and --check says so',
  async () => {
    const blobs: Blobs = new Map()
    // Small in the bundle, and too large to be unpacked.
    const big = await oneLayer(blobs, 'big', Buffer.alloc(60_000_000))
    const others = [await oneLayer(blobs, 'first'), await oneLayer(blobs, 'last')]
    const file = await bundleOf([others[0]!, big, others[1]!], blobs)
    const disk = await smallDisk(30_000)
    const containerd = await startContainerd({ root: join(disk, 'root') })
    const run = await runNodeScript([...reach(containerd), file])
    expect(run, run.stderr).toMatchObject({ code: 4, report: { result: 'gap', imported: 4, missing: big.names } })
    for (const { there, why } of statesOf(run.report)) {
      if (!there) expect(why).toContain('no space left on device')
    }
    const checked = await runNodeScript([...reach(containerd), '--check', file])
    expect(checked).toMatchObject({ code: 4, report: { missing: big.names } })
    for (const name of others.flatMap(({ names }) => names))
      expect(await containerd.cri.imageStatus(name)).toBeDefined()
    // What the attempt filled is free again, for whoever makes room.
    const { bavail, bsize } = await statfs(disk)
    expect(bavail * bsize).toBeGreaterThan(25_000_000)
    expect(await readdir(join(disk, 'root'))).not.toContain('.nodeseed-reserve')
  },
)

withContainerd(
  'an image that is not unpacked is not there, unless nothing was to be unpacked until a pod starts',
  async () => {
    const blobs: Blobs = new Map()
    const base = await makeLayer(blobs, { busybox: await readFile(tool('busybox')) })
    const web = makeImage(blobs, [base, await makeLayer(blobs, { 'etc/web': 'web' })], { platform })
    const pause = makeImage(blobs, [base], { platform, command: ['/busybox', 'sleep', '600'] })
    const images = [
      lockImage('registry.k8s.io/pause', '3.9', pause.manifest, [pause]),
      lockImage('docker.io/library/web', '1', web.manifest, [web]),
      await oneLayer(blobs, 'last'),
    ]
    const file = await bundleOf(images, blobs)
    const containerd = await startContainerd()
    expect(await runNodeScript([...reach(containerd), '--no-unpack', file])).toMatchObject({
      code: 0,
      report: { message: expect.stringContaining('nothing was unpacked') },
    })
    const checked = await runNodeScript([...reach(containerd), '--check', file])
    expect(checked).toMatchObject({ code: 4, report: { missingCount: 6 } })
    expect(statesOf(checked.report).map(({ why }) => why)).toEqual(
      Array(6).fill('not unpacked for the snapshotter overlayfs'),
    )
    const pod = { image: 'docker.io/library/web:1', command: ['/busybox', 'echo', 'web starts'], args: [], envs: [] }
    const user = { runAsUser: undefined, runAsGroup: undefined, dropCapabilities: [], readonlyRootfs: true }
    const ran = await containerd.cri.runPod('web', { ...pod, ...user, mounts: [] })
    expect(ran).toMatchObject({ exitCode: 0, log: expect.stringContaining('web starts') })
    expect(await runNodeScript([...reach(containerd), file])).toMatchObject({ code: 0, report: { imported: 2 } })
  },
)

withContainerd('one image at fault takes no other with it, and what is there is counted', async () => {
  const blobs: Blobs = new Map()
  const [first, last] = [await oneLayer(blobs, 'first'), await oneLayer(blobs, 'last')]
  const odd = await oddIndex(blobs)
  const file = await bundleOf([first, odd, last], blobs)
  const containerd = await startContainerd()
  const run = await runNodeScript([...reach(containerd), file])
  expect(run, run.stderr).toMatchObject({
    code: 4,
    report: { result: 'gap', imported: 4, pinned: 4, missing: odd.names },
  })
  expect(statesOf(run.report)).toEqual([
    ...first.names.map((name) => ({ name, there: true })),
    ...odd.names.map((name) => ({ name, there: false, why: expect.stringContaining('not found') })),
    ...last.names.map((name) => ({ name, there: true })),
  ])
  for (const name of [...first.names, ...last.names]) expect(await containerd.cri.imageStatus(name)).toBeDefined()
})

/** An index that lists a second manifest of this platform, which no bundle has: containerd asks for it all the same. */
async function oddIndex(blobs: Blobs): Promise<LockedImage> {
  const part = makeImage(blobs, [await makeLayer(blobs, { 'etc/odd': 'odd' })], { platform })
  const index = makeIndex(blobs, [part], [platform])
  return lockImage('registry.example/odd', '1', index, [part])
}

withContainerd('a record of somebody else that is broken does not stop seeding, and is said', async () => {
  const blobs: Blobs = new Map()
  const broken = await oneLayer(blobs, 'broken')
  const containerd = await startContainerd()
  await containerd.ctr('images', 'import', '--platform', platform, await bundleOf([broken], blobs))
  await containerd.ctr('content', 'rm', broken.target.digest)
  const { file } = await writeShop()
  const run = await runNodeScript([...reach(containerd), file])
  expect(run, run.stderr).toMatchObject({ code: 0, report: { result: 'seeded', imported: 4 } })
  expect(run.stderr).toContain('images check: ctr: unable to check')
})

withContainerd('a containerd that does not answer is said, with its reason', async () => {
  const { file } = await writeShop()
  const containerd = await startContainerd()
  await containerd.stop()
  expect(await runNodeScript([...reach(containerd), file])).toMatchObject({ code: 3, report: { result: 'failed' } })
  // What a process leaves that was killed.
  const listening = spawn(process.execPath, ['-e', LISTEN, containerd.socket], { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(listening.stdout, 'data')
  listening.kill('SIGKILL')
  await once(listening, 'exit')
  const run = await runNodeScript([...reach(containerd), file])
  expect(run).toMatchObject({
    code: 3,
    report: { result: 'failed', message: expect.stringMatching(/does not answer: ctr: .*connection refused/) },
  })
})

const LISTEN = "require('node:net').createServer().listen(process.argv[1], () => console.log('listening'))"

withContainerd('killed anywhere, the next run finishes it', async () => {
  const blobs: Blobs = new Map()
  const images = await Promise.all(['a', 'b', 'c'].map((name) => oneLayer(blobs, name, randomBytes(3_000_000))))
  const file = await bundleOf(images, blobs)
  const containerd = await startContainerd()
  for (const after of [300, 600, 900, 1300]) {
    const killed = spawn('sh', [NODE_SCRIPT, ...reach(containerd), '--namespace', `after-${after}`, file], {
      env: toolEnvironment(),
      stdio: 'ignore',
      detached: true,
    })
    await sleep(after)
    if (killed.exitCode === null) {
      process.kill(-(killed.pid as number), 'SIGKILL')
      await once(killed, 'exit')
    }
    const place = [...reach(containerd), '--namespace', `after-${after}`]
    const run = await runNodeScript([...place, file])
    expect(run, `${after} ms: ${run.stderr}`).toMatchObject({ code: 0, report: { missingCount: 0 } })
    expect(await runNodeScript([...place, '--check', file])).toMatchObject({ code: 0, report: { result: 'unchanged' } })
  }
})

test('a docker that does not answer is said, with its reason', async () => {
  const { file } = await writeShop()
  const docker = join(await temporaryDirectory(), 'docker')
  await writeFile(docker, '#!/bin/sh\necho "Cannot connect to the Docker daemon at unix:///run/x.sock." >&2\nexit 1\n')
  await chmod(docker, 0o755)
  expect(await runNodeScript(['--method', 'docker', '--ctr', docker, file])).toMatchObject({
    code: 3,
    report: { message: 'docker does not answer: Cannot connect to the Docker daemon at unix:///run/x.sock.' },
  })
})

test('an image cache of Talos that lost a layer is a gap, and healed', async () => {
  const { file, images } = await writeShop()
  const root = await temporaryDirectory()
  const args = ['--method', 'talos', '--root', root, '--platform', platform]
  expect(await runNodeScript([...args, file])).toMatchObject({ code: 0 })
  await rm(join(root, 'blob', images[1]!.platforms[0]!.layers[1]!.digest.replace(':', '-')))
  expect(await runNodeScript([...args, '--check', file])).toMatchObject({
    code: 4,
    report: { missing: images[1]?.names },
  })
  expect(await runNodeScript([...args, file])).toMatchObject({ code: 0, report: { result: 'seeded', imported: 2 } })
})

testWith([], { root: true })('a full TMPDIR is exit code 3, with a line of JSON', async () => {
  const { file } = await writeShop()
  const root = await temporaryDirectory()
  await mkdir(join(root, 'var/lib/k0s'), { recursive: true })
  for (const kib of [4, 8, 16]) {
    const directory = await smallDisk(kib)
    const args = ['--method', 'directory', '--root', root, '--platform', platform, file]
    const run = await runNodeScript(args, { env: { TMPDIR: directory } })
    expect(run, `${kib} KiB`).toMatchObject({
      code: 3,
      report: { result: 'failed', message: expect.stringContaining(`cannot write below ${directory}`) },
    })
    expect(await readdir(directory)).toEqual([])
  }
})

test('a TMPDIR that is not there is exit code 3, with a line of JSON', async () => {
  const { file } = await writeShop()
  const run = await runNodeScript(['--method', 'directory', file], { env: { TMPDIR: '/nonexistent' } })
  expect(run).toMatchObject({ code: 3, report: { message: expect.stringContaining('below /nonexistent') } })
})

testWith([], { root: true })(
  'an image directory, and an image cache, on a full disk: nothing partial stays',
  async () => {
    const blobs: Blobs = new Map()
    const file = await bundleOf([await oneLayer(blobs, 'large', randomBytes(2_000_000))], blobs)
    const root = await smallDisk(1000)
    await mkdir(join(root, 'var/lib/k0s'), { recursive: true })
    const place = ['--root', root, '--platform', platform, '--no-space-check', file]
    const directory = await runNodeScript(['--method', 'directory', ...place])
    expect(directory).toMatchObject({ code: 3, report: { message: expect.stringContaining('is the disk full?') } })
    expect(await readdir(join(root, 'var/lib/k0s'))).toEqual(['images'])
    expect(await readdir(join(root, 'var/lib/k0s/images'))).toEqual([])
    await rm(join(root, 'var'), { recursive: true })

    const talos = await runNodeScript(['--method', 'talos', ...place])
    expect(talos).toMatchObject({ code: 3, report: { message: expect.stringContaining('is the disk full?') } })
    const left = await readdir(root, { recursive: true })
    expect(left.filter((name) => name.endsWith('.partial'))).toEqual([])
  },
)

testWith([], { root: true })('too little space is said in units that people read', async () => {
  const blobs: Blobs = new Map()
  const file = await bundleOf([await oneLayer(blobs, 'large', randomBytes(3_000_000))], blobs)
  const root = await smallDisk(2048)
  await mkdir(join(root, 'var/lib/k0s'), { recursive: true })
  const run = await runNodeScript(['--method', 'directory', '--root', root, '--platform', platform, file])
  expect(run).toMatchObject({
    code: 3,
    report: { message: expect.stringMatching(/too little space in .*: 2 MiB left, about 8 MiB needed for the images/) },
  })
})

withContainerd('a disk of their own for unpacked layers is looked at too', async () => {
  const blobs: Blobs = new Map()
  const file = await bundleOf([await oneLayer(blobs, 'large', randomBytes(3_000_000))], blobs)
  const root = await temporaryDirectory()
  const snapshots = await smallDisk(2048, join(root, 'io.containerd.snapshotter.v1.overlayfs'))
  const run = await runNodeScript([...reach(await startContainerd({ root })), file])
  expect(run, run.stderr).toMatchObject({
    code: 3,
    report: { message: expect.stringContaining(`too little space in ${snapshots}: `) },
  })
  expect(run.report.message).toMatch(/: \d+ [MK]iB left, about 5 MiB needed for their unpacked layers/)
})

withContainerd('a run that is stopped says so in a line of JSON', async () => {
  const blobs: Blobs = new Map()
  const images = await Promise.all(['a', 'b', 'c'].map((name) => oneLayer(blobs, name, randomBytes(20_000_000))))
  const file = await bundleOf(images, blobs)
  const containerd = await startContainerd()
  const report = join(await temporaryDirectory(), 'report')
  const running = startNodeScript([...reach(containerd), '--report', report, file])
  await expect.poll(() => containerd.ctr('content', 'active'), { timeout: 20_000 }).toMatch(/sha256/)
  expect(await running.stop()).toBe(143)
  expect(JSON.parse(await readFile(report, 'utf8'))).toMatchObject({ result: 'failed', message: 'stopped by a signal' })
})

test('what --report is given fits into 4096 bytes and stays JSON, however many images there are', async () => {
  const blobs: Blobs = new Map()
  const images = await Promise.all(Array.from({ length: 40 }, (_, index) => oneLayer(blobs, `image-${index}`)))
  const root = await temporaryDirectory()
  await mkdir(join(root, 'var/lib/k0s'), { recursive: true })
  const report = join(await temporaryDirectory(), 'report')
  const args = ['--method', 'directory', '--root', root, '--platform', platform, '--check', '--report', report]
  const run = await runNodeScript([...args, await bundleOf(images, blobs)])
  expect(run).toMatchObject({ code: 4, report: { missingCount: 80 } })
  expect(statesOf(run.report)).toHaveLength(80)
  const text = await readFile(report, 'utf8')
  expect(text.length).toBeLessThanOrEqual(4096)
  expect(JSON.parse(text)).toMatchObject({ missingCount: 80 })
})

withContainerd('the parts of a split bundle are read without joining them', async () => {
  const blobs: Blobs = new Map()
  const images = await Promise.all(['a', 'b'].map((name) => oneLayer(blobs, name, randomBytes(300_000))))
  const whole = await bundleOf(images, blobs)
  const content = await readFile(whole)
  const directory = await temporaryDirectory()
  const size = 128 * 1024 + 77 // cut anywhere
  for (let part = 0; part * size < content.length; part++) {
    const name = `b.tar.part${String(part + 1).padStart(3, '0')}`
    await writeFile(join(directory, name), content.subarray(part * size, (part + 1) * size))
  }
  const containerd = await startContainerd()
  const run = await runNodeScript([...reach(containerd), join(directory, 'b.tar')])
  expect(run, run.stderr).toMatchObject({ code: 0, report: { result: 'seeded', imported: 4 } })
  const again = await runNodeScript([...reach(containerd), join(directory, 'b.tar.part001')])
  expect(again).toMatchObject({ code: 0, report: { result: 'unchanged' } })
  // A part of its blobs, through an archive that is composed.
  await containerd.ctr('images', 'rm', images[1]?.names[0] ?? '')
  expect(await runNodeScript([...reach(containerd), join(directory, 'b.tar')])).toMatchObject({ code: 0 })
  await rm(join(directory, 'b.tar.part002'))
  expect(await runNodeScript([...reach(containerd), '--namespace', 'other', join(directory, 'b.tar')])).toMatchObject({
    code: 2,
    report: { result: 'failed' },
  })
})
