// Compares a whole scan, as installed, with merely parsing the same files by `yaml`: npm run build, then node test/bench/scan-bench.ts [documents] [files]

import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { generateResources } from './resources.ts'

/** Prints what the process used, when it ends. */
const REPORT = `process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
  process.stderr.write('used ' + maxRSS / 1024 + ' ' + (userCPUTime + systemCPUTime) / 1e6)
})`

const [documents = 50_000, files = 20] = process.argv.slice(2).map(Number)
const folder = await mkdtemp(join(tmpdir(), 'nodeseed-scan-bench-'))
try {
  const bytes = await writeFiles(folder)
  console.log(`${documents} documents, ${(bytes / 1e6).toFixed(1)} MB in ${files} files, Node ${process.version}`)
  const scan = measureScan(folder)
  report('nodeseed scan, whole run', scan, bytes)
  console.log(`  peak memory ${scan.peakMegabytes.toFixed(0)} MB, ${scan.images} images`)
  const parse = await measureYaml(folder)
  report('yaml parseAllDocuments', parse, bytes)
  const ratios = [parse.seconds / scan.seconds, parse.cpuSeconds / scan.cpuSeconds].map((ratio) => ratio.toFixed(1))
  console.log(`yaml / nodeseed: ${ratios[0]} by the clock, ${ratios[1]} by processor time`)
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function writeFiles(folder: string): Promise<number> {
  const perFile = Math.ceil(documents / files)
  let written = 0
  let stream = createWriteStream(join(folder, 'part-000.yaml'))
  for (const text of generateResources(documents)) {
    if (written > 0 && written % perFile === 0) {
      await finished(stream.end())
      stream = createWriteStream(join(folder, `part-${String(written / perFile).padStart(3, '0')}.yaml`))
    }
    if (!stream.write(text)) await once(stream, 'drain')
    written++
  }
  await finished(stream.end())
  const sizes = await Promise.all((await readdir(folder)).map((name) => stat(join(folder, name))))
  return sizes.reduce((sum, { size }) => sum + size, 0)
}

interface Measure {
  readonly seconds: number
  readonly cpuSeconds: number
}

/** The command as a user runs it, start of Node included. */
function measureScan(folder: string): Measure & { peakMegabytes: number; images: number } {
  const program = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
  const start = performance.now()
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(REPORT)}`, program, 'scan', folder, '--format', 'images'],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  )
  const seconds = (performance.now() - start) / 1000
  const [, peakMegabytes, cpuSeconds] = /used (\S+) (\S+)$/.exec(stderr)?.map(Number) ?? []
  if (peakMegabytes === undefined || cpuSeconds === undefined) throw new Error(stderr)
  return { seconds, cpuSeconds, peakMegabytes, images: stdout.split('\n').length - 1 }
}

async function measureYaml(folder: string): Promise<Measure> {
  const before = process.cpuUsage()
  const start = performance.now()
  for (const name of (await readdir(folder)).sort()) parseAllDocuments(await readFile(join(folder, name), 'utf8'))
  const { user, system } = process.cpuUsage(before)
  return { seconds: (performance.now() - start) / 1000, cpuSeconds: (user + system) / 1e6 }
}

function report(what: string, { seconds, cpuSeconds }: Measure, bytes: number): void {
  const speed = `${Math.round(documents / seconds)} documents/s, ${(bytes / 1e6 / seconds).toFixed(1)} MB/s`
  console.log(`${what}: ${seconds.toFixed(2)} s (processor ${cpuSeconds.toFixed(2)} s), ${speed}`)
}
