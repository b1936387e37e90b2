import { execFile } from 'node:child_process'
import { access, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished } from 'vitest'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { type Containerd, startContainerd } from '../support/containerd.ts'
import { testWith, tool } from '../support/debian.ts'
import { thisPlatform } from '../support/image-maker.ts'
import { reach, startNodeScript } from '../support/node-script.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { testImages } from '../support/test-images.ts'

const withContainerd = testWith(['containerd', 'ctr', 'runc', 'busybox'], { root: true })
const WAIT = { timeout: 590_000, interval: 200 }

/** A script that looks again in an hour, and whose images are all there. */
async function watching() {
  const { images, blobs } = await testImages()
  const file = join(await temporaryDirectory(), 'shop.tar')
  await writeTestBundle(file, images, blobs)
  const containerd = await startContainerd()
  const directory = await temporaryDirectory()
  const [ready, report] = [join(directory, 'ready'), join(directory, 'report')]
  const script = startNodeScript([...reach(containerd), '--watch', '3600', '--ready', ready, '--report', report, file])
  onTestFinished(async () => void (await script.stop()))
  await expect.poll(() => exists(ready), WAIT).toBe(true)
  return { file, containerd, script, images, blobs, ready, report, name: images[0]!.names[0]! }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}

async function recordOf({ ctr }: Containerd, name: string): Promise<string> {
  return (await ctr('images', 'ls', `name==${name}`)).split('\n')[1] ?? ''
}

withContainerd('a pin and a label that somebody else dropped come back at once, and so does the image', async () => {
  const { file, containerd, name, script, images, blobs, ready, report } = await watching()
  const { ctr } = containerd
  expect(await recordOf(containerd, name)).toContain('io.cri-containerd.pinned=pinned')
  await ctr('images', 'label', name, 'io.cri-containerd.pinned=', 'nodeseed.dev/images=')
  await expect.poll(() => recordOf(containerd, name), WAIT).toContain('io.cri-containerd.pinned=pinned')
  expect(await recordOf(containerd, name)).toContain('nodeseed.dev/images=')

  // containerd 2.4 forgets the labels of a name that is imported again.
  await ctr('images', 'import', '--platform', thisPlatform(), file)
  await expect.poll(() => recordOf(containerd, name), WAIT).toContain('io.cri-containerd.pinned=pinned')

  await ctr('images', 'rm', name)
  await expect.poll(() => recordOf(containerd, name), WAIT).toContain('io.cri-containerd.pinned=pinned')

  // Next month's bundle, copied over this one, takes no label from a node whose images are all there.
  await writeTestBundle(file, images.slice(0, 1), blobs)
  await ctr('images', 'label', name, 'io.cri-containerd.pinned=')
  await expect.poll(() => recordOf(containerd, name), WAIT).toContain('io.cri-containerd.pinned=pinned')
  expect(await exists(ready)).toBe(true)

  // Without the bundle it still looks, and says what it cannot repair.
  await rm(file)
  await ctr('images', 'rm', name)
  await expect.poll(() => exists(ready), WAIT).toBe(false)
  expect(JSON.parse(await readFile(report, 'utf8'))).toMatchObject({ result: 'gap', missing: [name] })
  await writeTestBundle(file, images, blobs)
  await ctr('images', 'rm', images[1]!.names[0]!)
  await expect.poll(() => exists(ready), WAIT).toBe(true)
  expect(await script.stop()).toBe(143)
})

// The signal comes when the script has looked whether it was woken, and does not yet wait.
testWith(['busybox'])('a change between the look and the wait is heard', async () => {
  for (const shell of [['sh'], [tool('busybox'), 'sh']]) {
    const script = `
      set -eu
      watch=3600 work=${await temporaryDirectory()}
      . src/seed/node-script/85-watch.sh
      runtime_events() { exec sleep 3600; }
      find_own_step() { step=runtime_events; }
      wait() { kill -USR1 $$; command wait "$@"; }
      wait_for_change
      kill $listeners
      echo heard`
    const { stdout } = await promisify(execFile)('setsid', [...shell, '-c', script])
    expect(stdout).toBe('heard\n')
  }
})
