// How long the node script takes beside a plain `ctr images import` of the same bundle: 30 images, 2 GB in all, in turn.
//   npm run build && node test/bench/seed-import.ts [OTHER_SEED.SH]   (as root; uses the tools that the tests unpack)
// With another version of the script that one runs beside it; NODESEED_TOOLS=DIR takes another containerd. Processor time is
// that of containerd and of what was started against it.
import { execFile } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { writeTestBundle } from '../support/bundle-maker.ts'
import { spawnTool, tool, toolEnvironment } from '../support/debian.ts'
import { type Blobs, lockImage, makeImage, makeLayer, thisPlatform } from '../support/image-maker.ts'
import { NODE_SCRIPT, prepareNodeScript } from '../support/node-script.ts'
import { median, processorSeconds } from './measure.ts'

const IMAGES = 30
const SHARED_BYTES = 20_000_000
const OWN_BYTES = 66_000_000
const ROUNDS = Number(process.env.ROUNDS ?? 3)
const run = promisify(execFile)

await prepareNodeScript()
const directory = await mkdtemp(join(tmpdir(), 'nodeseed-bench-'))
try {
  const bundle = join(directory, 'bundle.tar')
  await writeImages(bundle)
  const seed =
    (script: string, ...more: string[]): Command =>
    (socket) => ['sh', [script, '--address', socket, '--ctr', tool('ctr'), ...more, bundle]]
  const commands: Record<string, Command> = {
    'ctr images import': (socket) => [
      tool('ctr'),
      [...reach(socket), 'images', 'import', '--platform', thisPlatform(), bundle],
    ],
    ...(process.argv[2] && { [process.argv[2]]: seed(process.argv[2]) }),
    'seed.sh': seed(NODE_SCRIPT),
    'seed.sh --no-unpack': seed(NODE_SCRIPT, '--no-unpack'),
  }
  const times = new Map(Object.keys(commands).map((name) => [name, [] as Time[]]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, command] of Object.entries(commands)) times.get(name)!.push(await timed(command))
  }
  console.log(`medians of ${ROUNDS}, load average ${loadavg()[0]?.toFixed(1)}`)
  for (const [name, results] of times) {
    const [clock, processor] = [
      median(results.map(({ clock }) => clock)),
      median(results.map((time) => time.processor)),
    ]
    console.log(`${clock.toFixed(1).padStart(6)} s, ${processor.toFixed(1).padStart(6)} s of processor time: ${name}`)
  }
} finally {
  await rm(directory, { recursive: true, force: true })
}

type Command = (socket: string) => [program: string, args: string[]]

/** In seconds. */
interface Time {
  readonly clock: number
  readonly processor: number
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

/** A command against a containerd that holds nothing. */
async function timed(command: Command): Promise<Time> {
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
  const [start, before] = [performance.now(), processorSeconds(server.pid)]
  // The shell says at its end what those that it waited for have used.
  const { stdout } = await run('sh', ['-c', '"$@" >/dev/null && times', 'sh', program, ...args], { env })
  const clock = (performance.now() - start) / 1000
  const used = [...stdout.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds),
  )
  const processor = processorSeconds(server.pid) - before + used.reduce((sum, seconds) => sum + seconds, 0)
  server.kill()
  await once(server, 'exit')
  await rm(home, { recursive: true, force: true })
  return { clock, processor }
}
