import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { startContainerd } from '../support/containerd.ts'
import { runTool, testWith, tool } from '../support/debian.ts'
import { type Blobs, lockImage, makeImage, makeLayer, thisPlatform } from '../support/image-maker.ts'
import { NODE_SCRIPT, reach, runNodeScript, startNodeScript } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { testImages, writeShop } from '../support/test-images.ts'

const withContainerd = testWith(['containerd', 'ctr', 'runc', 'busybox'], { root: true })

testWith(['shellcheck'])('shellcheck has nothing to say about the script', async () => {
  await runTool('shellcheck', ['--shell=sh', NODE_SCRIPT])
})

withContainerd('a seeded node has every image by tag, by digest, and by both, pinned, and able to start', async () => {
  const { file, images } = await writeShop()
  const containerd = await startContainerd()

  const run = await runNodeScript([...reach(containerd), file])
  expect(run).toMatchObject({ code: 0, report: { result: 'seeded', missingCount: 0, platform: thisPlatform() } })

  for (const { names, target } of images) {
    const [repository] = names.at(-1)?.split('@') ?? []
    const forms = [...names, `${repository}:any-tag@${target.digest}`]
    for (const form of forms) expect(await containerd.cri.imageStatus(form), form).toBeDefined()
  }
  expect(await containerd.cri.imageStatus(`docker.io/library/web@sha256:${'0'.repeat(64)}`)).toBeUndefined()
  const listed = await containerd.ctr('images', 'ls')
  for (const name of images.flatMap(({ names }) => names)) {
    expect(listed.split('\n').find((line) => line.startsWith(`${name} `))).toContain('io.cri-containerd.pinned=pinned')
  }
  const output = await containerd.ctr('run', '--rm', '--snapshotter', 'overlayfs', 'docker.io/library/web:1', 'web-1')
  expect(output).toBe('web starts\n')

  const again = await runNodeScript([...reach(containerd), file])
  expect(again).toMatchObject({ code: 0, report: { result: 'unchanged', imported: 0, pinned: 0 } })
  expect(await containerd.ctr('images', 'ls')).toBe(listed)
})

withContainerd('images are imported side by side, the layers that they share once and first', async () => {
  const directory = await temporaryDirectory()
  const blobs: Blobs = new Map()
  const base = await makeLayer(blobs, { 'etc/base': 'base' })
  const images = ['app', 'db', 'web'].map(async (name) => {
    const part = makeImage(blobs, [base, await makeLayer(blobs, { [`etc/${name}`]: name })])
    return lockImage(`registry.example/${name}`, '1', part.manifest, [part])
  })
  const file = join(directory, 'bundle.tar')
  await writeTestBundle(file, await Promise.all(images), blobs)
  const containerd = await startContainerd()
  // Tells of each import when it begins and ends, and keeps what it was given.
  const ctr = join(directory, 'ctr')
  const log = join(directory, 'log')
  const imports = `echo begins >>${log}; sleep 0.5; tee ${directory}/$$.tar | ${tool('ctr')} "$@"; echo ends >>${log}`
  const lines = ['#!/bin/sh', `case "$*" in *' --platform '*) ${imports} ;; *) exec ${tool('ctr')} "$@" ;; esac`]
  await writeFile(ctr, lines.join('\n'), { mode: 0o755 })
  expect(await runNodeScript(['--address', containerd.socket, '--ctr', ctr, file])).toMatchObject({
    code: 0,
    report: { result: 'seeded', names: 6, imported: 6 },
    stderr: expect.not.stringContaining('image by image'),
  })
  if (cpus().length === 1) return
  expect((await readFile(log, 'utf8')).split('\n')).toEqual('begins ends begins begins ends ends '.split(' '))
  const archives = (await readdir(directory)).filter((name) => /^\d+\.tar$/.test(name))
  const members = await Promise.all(archives.map((name) => runTool('tar', ['-tf', join(directory, name)])))
  const layers = members.map(({ stdout }) => stdout.split('\n').filter((name) => name.endsWith(base.digest.slice(7))))
  expect(layers.flat()).toHaveLength(1)
})

test('images that others wait for begin first, then the largest', async () => {
  const work = await temporaryDirectory()
  const files = {
    targets: ['base', 'large', 'middle', 'alone', 'upper'],
    blobs: ['a 10', 'b 500', 'c 20', 'd 700', 'e 5'],
    // Each with a manifest, a config and its layers; what is there already is no target.
    images: ['base m c a', 'large m c a,b', 'middle m c a,c', 'alone m c d', 'upper m c a,c,e', 'there m c d'],
  }
  for (const [name, rows] of Object.entries(files)) await writeFile(join(work, name), `${rows.join('\n')}\n`)
  const functions = (await readFile(NODE_SCRIPT, 'utf8')).replace(/\nmain "\$@"\n$/, '\n')
  const planned = join(work, 'planned.sh')
  await writeFile(planned, `${functions}\nwork='${work}'\nplan_jobs\n`)
  await promisify(execFile)('sh', [planned])
  expect((await readFile(join(work, 'jobs'), 'utf8')).trim().split('\n')).toEqual([
    'middle base',
    'base -',
    'alone -',
    'large base',
    'upper middle',
  ])
})

withContainerd('--check changes nothing, says what is missing, and ends with 4', async () => {
  const { file, images } = await writeShop()
  const containerd = await startContainerd()
  const names = images.flatMap(({ names }) => names)
  const empty = await runNodeScript([...reach(containerd), '--check', file])
  expect(empty).toMatchObject({ code: 4, report: { result: 'gap', imported: 0, missingCount: names.length } })
  expect(empty.report.missing).toEqual(names)
  expect(await containerd.ctr('images', 'ls', '--quiet')).toBe('')

  await runNodeScript([...reach(containerd), file])
  expect(await runNodeScript([...reach(containerd), '--check', file])).toMatchObject({ code: 0 })
  await containerd.ctr('images', 'label', names[0] ?? '', 'io.cri-containerd.pinned=')
  const unpinned = await runNodeScript([...reach(containerd), '--check', file])
  expect(unpinned).toMatchObject({ code: 4, report: { message: 'images are not pinned', missing: [names[0]] } })
})

withContainerd('a removed name, a name that points elsewhere, and a lost layer are healed', async () => {
  const { file, images } = await writeShop()
  const containerd = await startContainerd()
  await runNodeScript([...reach(containerd), file])
  const [web, job] = images
  const [tag = '', digest = ''] = web?.names ?? []
  const layer = job?.platforms[0]?.layers[1]?.digest ?? ''

  await containerd.ctr('images', 'rm', digest)
  await containerd.ctr('images', 'tag', '--force', job?.names[0] ?? '', tag)
  await containerd.ctr('content', 'rm', layer)
  expect(await runNodeScript([...reach(containerd), '--check', file])).toMatchObject({
    code: 4,
    report: { missing: [tag, digest, ...(job?.names ?? [])] },
  })
  expect(await runNodeScript([...reach(containerd), file])).toMatchObject({ code: 0, report: { result: 'seeded' } })
  expect(await containerd.cri.imageStatus(digest)).toBeDefined()
  const listed = (await containerd.ctr('images', 'ls')).split('\n')
  expect(listed.find((line) => line.startsWith(`${tag} `))).toContain(web?.target.digest)
  expect(await containerd.ctr('content', 'ls', '--quiet')).toContain(layer)
})

withContainerd('files of images that were cut off, as by a loss of power, are brought anew', async () => {
  const { file, images } = await writeShop()
  const containerd = await startContainerd()
  await runNodeScript([...reach(containerd), file])
  const [web, job] = images
  const [first, second] = [web, job].map((image) => image?.platforms[0])
  const cut = [first?.config.digest, second?.manifest.digest, second?.layers[1]?.digest]
  const content = join(containerd.directory, 'root/io.containerd.content.v1.content/blobs')
  for (const digest of cut) await truncate(join(content, digest?.replace(':', '/') ?? ''))
  expect(await runNodeScript([...reach(containerd), '--check', file])).toMatchObject({ code: 4 })
  const run = await runNodeScript([...reach(containerd), file])
  expect(run, run.stderr).toMatchObject({ code: 0, report: { result: 'seeded', missingCount: 0 } })
  for (const digest of cut) expect(run.stderr).toContain(`damaged in containerd, and brought anew: ${digest}\n`)
  for (const name of [...(web?.names ?? []), ...(job?.names ?? [])])
    expect(await containerd.cri.imageStatus(name), name).toBeDefined()
})

withContainerd('an image for another platform never gets a name here', async () => {
  const { file } = await writeShop()
  const containerd = await startContainerd()
  await runNodeScript([...reach(containerd), file])
  expect(await containerd.ctr('images', 'ls', '--quiet')).not.toContain('other')
  expect(await containerd.cri.imageStatus('docker.io/library/other:1')).toBeUndefined()
})

withContainerd('a bundle of another set, and one that holds nothing for this machine, are refused', async () => {
  const { file } = await writeShop()
  const containerd = await startContainerd()
  const otherSet = await runNodeScript([...reach(containerd), '--expect-set', '0000000000000000', file])
  expect(otherSet).toMatchObject({ code: 2, report: { message: expect.stringContaining('holds set') } })
  const otherPlatform = await runNodeScript([...reach(containerd), '--platform', 'linux/riscv64', file])
  expect(otherPlatform).toMatchObject({
    code: 2,
    report: { message: expect.stringContaining('nothing for linux/riscv64') },
  })
  expect(await containerd.ctr('images', 'ls', '--quiet')).toBe('')
})

withContainerd('a bundle that leaves out what this node lacks is refused before anything is imported', async () => {
  const directory = await temporaryDirectory()
  const { images, blobs } = await testImages()
  const layer = images[0]?.platforms[0]?.layers[1]?.digest ?? ''
  const file = join(directory, 'damaged.tar')
  await writeTestBundle(file, images, blobs, { leaveOut: new Set([layer]) })
  const containerd = await startContainerd()
  const run = await runNodeScript([...reach(containerd), file])
  expect(run).toMatchObject({ code: 2, report: { message: expect.stringContaining(`such as ${layer}`) } })
  expect(await containerd.ctr('images', 'ls', '--quiet')).toBe('')
})

testWith(['containerd', 'ctr', 'runc', 'busybox', 'dash'], { root: true })(
  'dash, bash, and a node whose only programs are those of busybox',
  async () => {
    const { file } = await writeShop()
    const containerd = await startContainerd()
    const applets = await busyboxPrograms()
    for (const [namespace, options] of [
      ['dash', { shell: [tool('dash')] }],
      ['bash', { shell: ['bash', '--posix'] }],
      ['busybox', { shell: [join(applets, 'sh')], env: { PATH: applets } }],
    ] as const) {
      const args = [...reach(containerd), '--namespace', namespace, file]
      const first = await runNodeScript(args, options)
      const message = `in containerd's namespace ${namespace}, where no kubelet looks: Kubernetes uses k8s.io`
      expect(first, namespace).toMatchObject({ code: 0, report: { result: 'seeded', missingCount: 0, message } })
      expect(await runNodeScript(args, options), namespace).toMatchObject({ code: 0, report: { result: 'unchanged' } })
    }
  },
)

withContainerd('the watching script repairs what is lost, and its ready file says so', async () => {
  const { file, images } = await writeShop()
  const containerd = await startContainerd()
  const ready = join(await temporaryDirectory(), 'ready')
  const [name = ''] = images[0]?.names ?? []
  const watching = startNodeScript([...reach(containerd), '--watch', '1', '--ready', ready, file])
  onTestFinished(async () => void (await watching.stop()))
  await expect.poll(() => existsSync(ready), { timeout: 300_000 }).toBe(true)
  await containerd.ctr('images', 'rm', name)
  await expect.poll(() => containerd.cri.imageStatus(name), { timeout: 300_000 }).toBeDefined()
  expect(await watching.stop()).toBe(143)
})

withContainerd('the script travels in the bundle: tar gives it to sh', async () => {
  const { file, images } = await writeShop()
  const containerd = await startContainerd()
  const { code, report } = await runNodeScript([...reach(containerd), file], {
    shell: ['sh', '-c', 'shift; for last; do :; done; tar -xOf "$last" nodeseed/seed.sh | sh -s -- "$@"', 'sh'],
  })
  expect({ code, report }).toMatchObject({ code: 0, report: { names: images.length * 2 } })
})

/** A directory with a link for each program of busybox. */
async function busyboxPrograms(): Promise<string> {
  const directory = await temporaryDirectory()
  await runTool('busybox', ['--install', '-s', directory])
  return directory
}
