// Throughput of `nodeseed serve` against nginx serving the same bytes as a file: 1 GiB to each of 8 clients (curl), then
// 500 pulls of a manifest at once, then readers that take nothing. Prints ratios and memory; asserts nothing.
// Run: npm run build && node test/bench/serve.ts     (nginx and curl on PATH, or NGINX=/path/to/nginx)
import { execFile, spawn } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { median, processorSeconds } from './measure.ts'
import { writeOneBlobBundle } from './one-blob-bundle.ts'

const run = promisify(execFile)
const PROGRAM = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
const CLIENTS = 8
const ROUNDS = Number(process.argv[2] ?? 5)

const directory = await mkdtemp(join(tmpdir(), 'nodeseed-bench-'))
await chmod(directory, 0o755) // nginx drops root
const blob = randomFillSync(Buffer.alloc(1 << 30))
const bundle = join(directory, 'bundle.tar')
const digest = await writeOneBlobBundle(bundle, blob)
await writeFile(join(directory, 'blob'), blob)

const serve = spawn(process.execPath, [
  PROGRAM,
  'serve',
  bundle,
  '--no-access-log',
  '--listen',
  '127.0.0.1:0',
  '--json',
])
let said = ''
for await (const chunk of serve.stdout) {
  said += chunk
  if (said.endsWith('}\n')) break
}
const { url } = JSON.parse(said) as { url: string }
const nginx = await startNginx()
const ours = `${url}/v2/library/big/blobs/${digest}`

const seconds: Record<'nginx' | 'serve', Cost[]> = { nginx: [], serve: [] }
for (let round = 0; round < ROUNDS; round++) {
  if (nginx) seconds.nginx.push(await costOf(nginx.pid, () => pullAll(nginx.url)))
  seconds.serve.push(await costOf(serve.pid, () => pullAll(ours)))
}
for (const [name, costs] of Object.entries(seconds)) {
  if (costs.length === 0) continue
  const each = costs.map(({ wall }) => wall.toFixed(2)).join(' ')
  console.log(`${name}: ${CLIENTS} x 1 GiB in ${describeCost(medianCost(costs))} (${each})`)
}
if (nginx) {
  const [theirs, own] = [medianCost(seconds.nginx), medianCost(seconds.serve)]
  console.log(`serve / nginx throughput: ${(theirs.wall / own.wall).toFixed(2)}`)
} else console.log('no nginx here: set NGINX=/path/to/nginx')
console.log(`load average ${loadavg()[0]?.toFixed(2)}`)
console.log(await resources('after the downloads'))

const manifest = `${url}/v2/library/big/manifests/1`
const small = await timeOf(async () => {
  const answers = await Promise.all(Array.from({ length: 500 }, async () => (await fetch(manifest)).status))
  console.log(`500 manifests at once: ${answers.filter((status) => status === 200).length} answered 200`)
})
console.log(`  in ${small.toFixed(2)} s`)

const alone = await pullAlone()
console.log(`one client alone: 1 GiB in ${describeCost(alone)}`)
const slow = Array.from({ length: 500 }, () => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => {})
  socket.write(`GET ${new URL(ours).pathname} HTTP/1.1\r\nhost: x\r\n\r\n`)
  return socket
})
// Until their sockets are full: before, they are readers like any other. Both ends of 500 full sockets on one machine
// are about what the kernel gives to TCP (tcp_mem), so that it is what takes longer then.
await sleep(5000)
const beside = await pullAlone()
console.log(`one client beside 500 readers that take nothing: 1 GiB in ${describeCost(beside)}`)
console.log(await resources('with 500 slow readers'))

for (const socket of slow) socket.destroy()
serve.kill()
nginx?.stop()
await rm(directory, { recursive: true })

async function startNginx(): Promise<{ url: string; pid: number | undefined; stop(): void } | undefined> {
  const port = 20000 + (process.pid % 20000)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${directory}/${kind};`,
  )
  const config = `daemon off; master_process off; pid ${directory}/nginx.pid; error_log ${directory}/nginx.log;
events { worker_connections 1024; }
http { access_log off; sendfile on; tcp_nopush on; ${temporary.join(' ')}
  server { listen 127.0.0.1:${port}; root ${directory}; } }`
  await writeFile(join(directory, 'nginx.conf'), config)
  const child = spawn(process.env.NGINX ?? 'nginx', ['-c', join(directory, 'nginx.conf')], { stdio: 'ignore' })
  const failed = once(child, 'error').then(() => true)
  const isUp = new Promise<false>((resolve) => setTimeout(() => resolve(false), 1000))
  if (await Promise.race([failed, isUp])) return undefined
  return { url: `http://127.0.0.1:${port}/blob`, pid: child.pid, stop: () => void child.kill() }
}

async function pullAll(from: string): Promise<void> {
  await Promise.all(Array.from({ length: CLIENTS }, () => run('curl', ['-sf', '-o', '/dev/null', from])))
}

async function pullAlone(): Promise<Cost> {
  const costs: Cost[] = []
  for (let round = 0; round < ROUNDS; round++) {
    costs.push(await costOf(serve.pid, () => run('curl', ['-s', '-o', '/dev/null', ours])))
  }
  return medianCost(costs)
}

interface Cost {
  /** Seconds. */
  readonly wall: number
  /** Seconds of processor time of the server. */
  readonly processor: number
}

async function costOf(pid: number | undefined, work: () => Promise<unknown>): Promise<Cost> {
  const before = processorSeconds(pid)
  const wall = await timeOf(work)
  return { wall, processor: processorSeconds(pid) - before }
}

function medianCost(costs: readonly Cost[]): Cost {
  return { wall: median(costs.map(({ wall }) => wall)), processor: median(costs.map(({ processor }) => processor)) }
}

function describeCost({ wall, processor }: Cost): string {
  return `${wall.toFixed(2)} s, ${processor.toFixed(2)} s of the server's processor time`
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

async function resources(when: string): Promise<string> {
  const status = await readFile(`/proc/${serve.pid}/status`, 'utf8')
  const [, peak = 0] = /VmHWM:\s+(\d+) kB/.exec(status) ?? []
  const descriptors = (await readdir(`/proc/${serve.pid}/fd`)).length
  return `serve ${when}: peak memory ${Math.round(Number(peak) / 1024)} MiB, ${descriptors} file descriptors`
}
