// Holds the model of docs/simulate-seeding.js against nodes on shaped links: network namespaces on one switch, real
// `nodeseed serve`, and nodes that take a blob whole or in pieces from each other. Prints seconds of both, and ratios.
// Pieces only with as many nodes as the server's link is wider: these stand-ins for a peer-to-peer network flood it beyond.
// Run: npm run build && sudo node test/bench/many-nodes.ts [NODES,NODES...]     (iproute2 and unshare on PATH)
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PieceNode } from './nodes/piece-node.ts'
import { type ShapedHost, ShapedNetwork } from './nodes/shaped-network.ts'
import { writeOneBlobBundle } from './one-blob-bundle.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
const MODEL = fileURLToPath(new URL('../../docs/simulate-seeding.js', import.meta.url))
const NODE = fileURLToPath(new URL('nodes/piece-node.ts', import.meta.url))
// A fiftieth of a usual network, so that two processors can move what all links together can.
const NODE_MBIT = 20
const SERVER_MBIT = 200
const MEGABYTES = 40
const SERVERS = [1, 3]

if (!process.env.NODESEED_BENCH_NETWORK) {
  const again = ['--net', '--mount', process.execPath, ...process.argv.slice(1)]
  const { status } = spawnSync('unshare', again, {
    stdio: 'inherit',
    env: { ...process.env, NODESEED_BENCH_NETWORK: '1' },
  })
  process.exit(status ?? 1)
}

const counts = (process.argv[2] ?? '10,50').split(',').map(Number)
const directory = await mkdtemp(join(tmpdir(), 'nodeseed-bench-'))
const blob = randomFillSync(Buffer.alloc(MEGABYTES * 1e6))
const bundle = join(directory, 'bundle.tar')
const running: ChildProcess[] = []
const digest = await writeOneBlobBundle(bundle, blob)
try {
  const network = new ShapedNetwork()
  const servers = Array.from({ length: Math.max(...SERVERS) }, () => network.add(SERVER_MBIT))
  const nodes = Array.from({ length: Math.max(...counts) }, () => network.add(NODE_MBIT))
  const blobs = await Promise.all(servers.map(serve))
  console.log(
    `${MEGABYTES} MB for each node; nodes ${NODE_MBIT} Mbit/s, servers ${SERVER_MBIT} Mbit/s; seconds until the last node has it\n`,
  )
  console.log('| nodes | from | model | measured | measured / model |')
  console.log('|---|---|---|---|---|')
  for (const count of counts) {
    const model = modelOf(count)
    const some = nodes.slice(0, count)
    for (const [at, number] of SERVERS.entries()) {
      print(
        count,
        number === 1 ? 'one server' : `${number} servers`,
        model.shared[at] ?? 0,
        await bring(some, blobs.slice(0, number), false),
      )
    }
    if (count * NODE_MBIT > SERVER_MBIT) continue
    print(count, 'peer-to-peer, one server', model.peers, await bring(some, blobs.slice(0, 1), true))
  }
  console.log(`\nload ${loadavg()[0]?.toFixed(1)}`)
} finally {
  for (const child of running) child.kill()
  await rm(directory, { recursive: true })
}

function print(count: number, from: string, model: number, measured: number): void {
  console.log(
    `| ${count} | ${from} | ${model.toFixed(1)} | ${measured.toFixed(1)} | ${(measured / model).toFixed(2)} |`,
  )
}

/** Seconds until the last of these nodes has the blob. */
async function bring(nodes: readonly ShapedHost[], blobs: readonly string[], peering: boolean): Promise<number> {
  const urls = nodes.map(({ address }) => `http://${address}:8000`)
  const children = nodes.map((node, at) => {
    const peers = peering ? urls.filter((_, other) => other !== at) : []
    const settings: PieceNode = { blob: blobs[at % blobs.length] ?? '', digest, size: blob.length, peers, port: 8000 }
    return start(node, [NODE, JSON.stringify(settings)])
  })
  await Promise.all(children.map(nextLine))
  for (const child of children) child.stdin?.write('go\n')
  const seconds = await Promise.all(children.map(async (child) => JSON.parse(await nextLine(child)).seconds as number))
  for (const child of children) child.kill()
  await Promise.all(children.map((child) => once(child, 'close')))
  return Math.max(...seconds)
}

/** The blob's URL at a server on this host. */
async function serve(host: ShapedHost): Promise<string> {
  const child = start(host, [
    PROGRAM,
    'serve',
    bundle,
    '--no-access-log',
    '--quiet',
    '--listen',
    `${host.address}:5000`,
    '--json',
  ])
  let said = ''
  while (!said.endsWith('}')) said += await nextLine(child)
  return `http://${host.address}:5000/v2/library/big/blobs/${digest}`
}

function start(host: ShapedHost, args: readonly string[]): ChildProcess {
  const [program = '', ...before] = host.enter
  const child = spawn(program, [...before, process.execPath, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  running.push(child)
  return child
}

async function nextLine(child: ChildProcess): Promise<string> {
  const [said] = await Promise.race([once(child.stdout!, 'data'), once(child, 'close').then(() => ['closed'])])
  return String(said).trimEnd()
}

function modelOf(count: number): { shared: number[]; peers: number } {
  const args = [MODEL, `${MEGABYTES / 1000}`, '--nodes', `${count}`, '--servers', SERVERS.join(), '--json']
  const links = ['--node-gbit', `${NODE_MBIT / 1000}`, '--server-gbit', `${SERVER_MBIT / 1000}`]
  return JSON.parse(execFileSync(process.execPath, [...args, ...links], { encoding: 'utf8' }))[0]
}
