// How long the node script takes beside a plain `ctr images import` of the same bundle: 30 images, 2 GB in all.
//   npm run build && node test/bench/seed-import.ts   (as root; uses the tools that the tests unpack)
import { execFile } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { spawnTool, tool, toolEnvironment } from '../support/debian.ts'
import { type Blobs, lockImage, makeImage, makeLayer, thisPlatform } from '../support/image-maker.ts'
import { NODE_SCRIPT, prepareNodeScript } from '../support/node-script.ts'

const IMAGES = 30
const SHARED_BYTES = 20_000_000
const OWN_BYTES = 66_000_000
const ROUNDS = 3
const run = promisify(execFile)

await prepareNodeScript()
const directory = await mkdtemp(join(tmpdir(), 'nodeseed-bench-'))
try {
  const bundle = join(directory, 'bundle.tar')
  await writeImages(bundle)
  const plain: number[] = []
  const script: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    plain.push(
      await timed((socket) => ['ctr', [...reach(socket), 'images', 'import', '--platform', thisPlatform(), bundle]]),
    )
    script.push(await timed((socket) => ['sh', [NODE_SCRIPT, '--address', socket, '--ctr', tool('ctr'), bundle]]))
  }
  const [a, b] = [median(plain), median(script)]
  console.log(
    `ctr images import ${a.toFixed(1)} s, seed.sh ${b.toFixed(1)} s, ratio ${(b / a).toFixed(2)} (${ROUNDS} rounds)`,
  )
  console.log(JSON.stringify({ plain, script }))
} finally {
  await rm(directory, { recursive: true, force: true })
}

/** Half of the content is random and half is not, as in compiled programs. */
async function writeImages(bundle: string): Promise<void> {
  const blobs: Blobs = new Map()
  const platform = thisPlatform()
  const shared = await makeLayer(blobs, { shared: content(SHARED_BYTES) })
  const images = []
  for (let index = 0; index < IMAGES; index++) {
    const own = await makeLayer(blobs, { [`own-${index}`]: content(OWN_BYTES) })
    const part = makeImage(blobs, [shared, own], { platform })
    images.push(lockImage(`registry.example/bench/image-${index}`, '1', part.manifest, [part]))
  }
  await writeTestBundle(bundle, images, blobs)
}

function content(size: number): Buffer {
  const bytes = Buffer.alloc(size)
  for (let at = 0; at < size; at += 8192) randomFillSync(bytes, at, Math.min(4096, size - at))
  return bytes
}

function reach(socket: string): string[] {
  return ['--address', socket, '--namespace', 'k8s.io']
}

/** Seconds of a command against a containerd that holds nothing. */
async function timed(command: (socket: string) => [string, string[]]): Promise<number> {
  const home = await mkdtemp(join(directory, 'containerd-'))
  const socket = join(home, 'containerd.sock')
  const config = join(home, 'config.toml')
  await mkdir(join(home, 'root'))
  const disabled = '["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]'
  await writeFile(
    config,
    `version = 2\nroot = "${home}/root"\nstate = "${home}/state"\ndisabled_plugins = ${disabled}\n[grpc]\n  address = "${socket}"\n`,
  )
  const server = spawnTool('containerd', ['--config', config])
  const env = toolEnvironment()
  while (!(await run(tool('ctr'), [...reach(socket), 'version'], { env }).catch(() => undefined))) {
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const [program, args] = command(socket)
  await run('sync')
  const start = performance.now()
  await run(program === 'ctr' ? tool('ctr') : program, args, { env, maxBuffer: 1 << 26 })
  const seconds = (performance.now() - start) / 1000
  server.kill()
  await once(server, 'exit')
  await rm(home, { recursive: true, force: true })
  return seconds
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
