// Each fault in each runtime: what the script says, with which code, and whether it was the truth. Not a part of npm test:
// npm run live -- --only faults runs it, for each containerd, and makes a table of it.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { appendFile, readdir, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { LockedImage } from '../../../src/bundle/format/lock.ts'
import { writeTestBundle } from '../../support/bundle-maker.ts'
import { runTool, testWith, toolEnvironment } from '../../support/debian.ts'
import { type Blobs, lockImage, makeImage, makeIndex, makeLayer, thisPlatform } from '../../support/image-maker.ts'
import { NODE_SCRIPT, runNodeScript, type ScriptRun } from '../../support/node-script.ts'
import { smallDisk } from '../../support/small-disk.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { RUNTIMES, type Runtime } from './runtimes.ts'

const platform = thisPlatform()
const withTools = testWith(['containerd', 'ctr', 'docker', 'dockerd', 'skopeo', 'podman', 'busybox'], { root: true })
const ENOUGH = 300_000

const blobs: Blobs = new Map()

async function image(name: string, content: Buffer | string, on: string = platform): Promise<LockedImage> {
  const part = makeImage(blobs, [await makeLayer(blobs, { [`etc/${name}`]: content })], { platform: on })
  return lockImage(`registry.example/${name}`, '1', part.manifest, [part])
}

async function bundleOf(...images: LockedImage[]): Promise<string> {
  const file = join(await temporaryDirectory(), 'bundle.tar')
  await writeTestBundle(file, images, blobs)
  return file
}

/** Two small images, and one between them. */
async function around(middle: LockedImage): Promise<string> {
  return bundleOf(await image('first', 'first'), middle, await image('last', 'last'))
}

const random = () => image('big', randomBytes(20_000_000))
/** Small in the bundle, and large when it is unpacked. */
const hollow = () => image('big', Buffer.alloc(60_000_000))

type Fault = (start: (kib: number) => Promise<Runtime>) => Promise<{ run: ScriptRun; check: () => Promise<ScriptRun> }>

const FAULTS: Readonly<Record<string, Fault>> = {
  'disk full: content': async (start) => seeded(await start(12_000), await around(await random())),
  'disk full: unpacked layers': async (start) => seeded(await start(30_000), await around(await hollow())),
  'disk full: TMPDIR': async (start) => {
    const runtime = await start(ENOUGH)
    const env = { ...runtime.env, TMPDIR: await smallDisk(1000) }
    return seeded({ ...runtime, env }, await around(await random()))
  },
  'killed: before anything is imported': (start) => killed(start, 0),
  'killed: while it imports': (start) => killed(start, 2_000_000),
  'killed: when most is there': (start) => killed(start, 30_000_000),
  'runtime stopped': async (start) => {
    const runtime = await start(ENOUGH)
    const args = await runtime.stopped()
    return seeded({ ...runtime, args }, await around(await image('middle', 'middle')))
  },
  'an image of another platform is there': async (start) => {
    const runtime = await start(ENOUGH)
    const foreign = await image('foreign', 'foreign', 'linux/s390x')
    await runtime.takeForeign(await bundleOf(foreign), foreign.names[0] ?? '')
    return seeded(runtime, await around(await image('middle', 'middle')))
  },
  'an image that is broken is there': async (start) => {
    const runtime = await start(ENOUGH)
    const broken = await image('broken', 'broken')
    await runtime.takeBroken(await bundleOf(broken), broken.names[0] ?? '', broken.target.digest)
    return seeded(runtime, await around(await image('middle', 'middle')))
  },
  'an index lists what the bundle lacks': async (start) => {
    const part = makeImage(blobs, [await makeLayer(blobs, { 'etc/odd': 'odd' })], { platform })
    const odd = lockImage('registry.example/odd', '1', makeIndex(blobs, [part], [platform]), [part])
    return seeded(await start(ENOUGH), await around(odd))
  },
}

async function seeded({ args, env }: Runtime, file: string) {
  const run = (...more: string[]) => runNodeScript([...args, '--no-space-check', ...more, file], { env })
  return { run: await run(), check: () => run('--check') }
}

/** Killed with all its children, when so many bytes of the disk are taken; what is told is the next run. */
async function killed(start: (kib: number) => Promise<Runtime>, bytes: number) {
  const runtime = await start(ENOUGH)
  const file = await around(await random())
  const env = { ...runtime.env, TMPDIR: await temporaryDirectory() }
  const before = (await statfs(runtime.disk)).bavail
  const child = spawn('sh', [NODE_SCRIPT, ...runtime.args, '--no-space-check', file], {
    ...{ env: { ...toolEnvironment(), ...env }, stdio: 'ignore', detached: true },
  })
  const ended = once(child, 'exit')
  const isTime = async () => {
    if (bytes === 0) return (await readdir(env.TMPDIR)).length > 0
    const { bavail, bsize } = await statfs(runtime.disk)
    return (before - bavail) * bsize >= bytes
  }
  while (child.exitCode === null && !(await isTime())) await sleep(5)
  if (child.exitCode === null) process.kill(-(child.pid as number), 'SIGKILL')
  await ended
  return seeded(runtime, file)
}

const only = process.env.NODESEED_FAULTS_OF?.split(',') ?? Object.keys(RUNTIMES)
for (const [name, start] of Object.entries(RUNTIMES).filter(([known]) => only.includes(known))) {
  for (const [fault, cause] of Object.entries(FAULTS)) {
    withTools(`${name}: ${fault}`, async () => {
      const { run, check } = await cause(start)
      const { code, report } = run
      await record({ runtime: name, fault, code, report })
      // One line of JSON, and a code that is the truth: 0 where, and only where, a look finds every image.
      expect([0, 3, 4], run.stderr).toContain(code)
      expect(report.result).toBe(
        code === 0 ? (report.imported ? 'seeded' : report.result) : code === 3 ? 'failed' : 'gap',
      )
      if (code === 4) expect(report.missingCount).toBeGreaterThan(0)
      const looked = await check()
      expect(looked.code === 0, looked.stderr).toBe(code === 0)
    })
  }
}

async function record(row: object): Promise<void> {
  const version = (await runTool('containerd', ['--version'])).stdout.split(' ')[2]
  if (process.env.NODESEED_FAULTS)
    await appendFile(process.env.NODESEED_FAULTS, `${JSON.stringify({ version, ...row })}\n`)
}
