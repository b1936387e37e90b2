import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { renderNames } from '../../src/bundle/format/node-files.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import { BundleContent } from '../../src/server/registry/bundle-content.ts'
import { startServer } from '../server/running-server.ts'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { runCli } from '../support/cli.ts'
import { type Containerd, startContainerd } from '../support/containerd.ts'
import { testWith } from '../support/debian.ts'
import { NERDCTL_PROGRAMS, nerdctlOverCtr, REAL_NERDCTL } from '../support/nerdctl.ts'
import { runNodeScript } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { testImages, writeShop } from '../support/test-images.ts'

const withContainerd = testWith(['containerd', 'ctr', 'runc', 'busybox'], { root: true })
const NO_PINS = 'nerdctl pins nothing: a kubelet whose disk fills up may remove the images; ctr can pin them'

async function reach({ socket }: Containerd, program: () => Promise<string>): Promise<string[]> {
  return ['--method', 'nerdctl', '--address', socket, '--ctr', await program()]
}

for (const [what, program] of NERDCTL_PROGRAMS) {
  withContainerd(`${what}: every name is there for Kubernetes, and what it cannot do is said`, async () => {
    const { file, images } = await writeShop()
    const containerd = await startContainerd()
    const place = await reach(containerd, program)
    expect(await runNodeScript([...place, '--check', file])).toMatchObject({ code: 4, report: { missingCount: 4 } })
    const seeded = await runNodeScript([...place, file])
    expect(seeded, seeded.stderr).toMatchObject({
      code: 0,
      report: { result: 'seeded', runtime: 'containerd', method: 'nerdctl', names: 4, pinned: 0, message: NO_PINS },
    })
    for (const name of images.flatMap(({ names }) => names)) {
      expect(await containerd.cri.imageStatus(name), name).toBeDefined()
    }
    expect(await runNodeScript([...place, file])).toMatchObject({ code: 0, report: { result: 'unchanged' } })
    expect(await runNodeScript([...place, '--namespace', 'default', '--no-pin', file])).toMatchObject({
      code: 0,
      report: { message: expect.stringContaining('namespace default, where no kubelet looks') },
    })
  })

  withContainerd(`${what}: a layer that is lost, and one that is not unpacked, are gaps and are healed`, async () => {
    const { file, images } = await writeShop()
    const containerd = await startContainerd()
    const place = await reach(containerd, program)
    await runNodeScript([...place, file])
    const [web, job] = images
    await containerd.ctr('content', 'rm', job?.platforms[0]?.layers[1]?.digest ?? '')
    expect(await runNodeScript([...place, '--check', file])).toMatchObject({ code: 4, report: { missing: job?.names } })
    expect(await runNodeScript([...place, file])).toMatchObject({ code: 0, report: { result: 'seeded' } })

    const top = (await containerd.ctr('snapshots', 'ls')).split('\n').filter((line) => line.includes('Committed'))
    for (const line of top.filter((row) => /^\S+ sha256:/.test(row))) {
      await containerd.ctr('snapshots', 'rm', line.split(' ')[0] ?? '')
    }
    expect(await runNodeScript([...place, '--check', file])).toMatchObject({ code: 4, report: { missingCount: 4 } })
    expect(await runNodeScript([...place, file])).toMatchObject({ code: 0, report: { result: 'seeded' } })
    expect(await containerd.cri.imageStatus(web?.names[0] ?? '')).toBeDefined()
  })

  withContainerd(`${what}: load works through it`, async () => {
    const { file } = await writeShop()
    const place = await reach(await startContainerd(), program)
    const { stdout, stderr, exitCode } = await runCli(['load', file, ...place])
    expect(exitCode, stderr).toBe(0)
    expect(stdout).toBe(`containerd: seeded, 4 names, 4 imported; ${NO_PINS}\n`)
  })
}

if (REAL_NERDCTL) {
  withContainerd('nerdctl itself: pulls by digest from a registry that serves the bundle', async () => {
    const { images, blobs } = await testImages()
    const directory = await temporaryDirectory()
    const path = join(directory, 'shop.tar')
    const lock = await writeTestBundle(path, images, blobs)
    const bundle = await openBundle(path)
    onTestFinished(() => bundle.close())
    const address = await startServer(new BundleContent([bundle]))
    await writeFile(join(directory, 'names.txt'), renderNames(lock))
    const place = await reach(await startContainerd(), async () => REAL_NERDCTL as string)
    const run = await runNodeScript([
      ...[...place, '--names', join(directory, 'names.txt')],
      ...['--from-registry', `http://${address}`],
    ])
    expect(run, run.stderr).toMatchObject({ code: 0, report: { result: 'seeded', names: 4 } })
  })
}

test('without nerdctl, and without a containerd, it is said', async () => {
  const { file } = await writeShop()
  const nothing = ['--method', 'nerdctl', '--address', '/nonexistent/containerd.sock']
  expect(await runNodeScript([...nothing, '--ctr', await nerdctlOverCtr(), file])).toMatchObject({
    code: 3,
    report: { message: 'no containerd at /nonexistent/containerd.sock: name its socket with --address' },
  })
  expect(await runNodeScript([...nothing, file], { env: { PATH: '/usr/bin:/bin' } })).toMatchObject({
    code: 3,
    report: { message: expect.stringContaining('nerdctl is not on this machine') },
  })
})
