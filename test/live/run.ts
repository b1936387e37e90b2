// Repeats against a real Kubernetes what the tests can only show with kubectl, types and a server of their own: whether
// the API server takes what nodeseed writes, whether admission does what the guard says, and whether the seeding pods
// run under a real kubelet.
//   npm run live -- [--only PART,...] [--kubernetes VERSION] [--containerd VERSION] [--program FILE] [--keep]     (as root, on Linux)
// Without versions every row of MATRIX runs, one after the other, and a table ends it. Kubernetes and containerd are built
// once by Go and kept outside of the repository (programs.ts, containerd.ts); --containerd debian takes that of the tests,
// as runc and kubectl are in any case; etcd and the plugins of the network are Debian's. Everything runs in namespaces of
// its own: no address, mount or process of this machine is touched. With --keep the cluster stays until the run is
// interrupted. --program is what npm run build:binary makes, which is done first where none is named.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { prepareProgram } from '../support/built-program.ts'
import { prepareTools } from '../support/debian.ts'
import { liveChecks } from './checks.ts'
import { findContainerd } from './containerd.ts'
import { findCrio } from './crio-node.ts'
import { runFaults } from './faults/fault-table.ts'
import { CGROUP } from './live-node.ts'
import { MAKE_NETWORK } from './node-network.ts'
import { CACHE, findPrograms } from './programs.ts'

/** containerd 1.6 is Debian's. Kubernetes 1.36 asks for containerd 2. */
const MATRIX: readonly Row[] = [
  { kubernetes: '1.34.4', containerd: 'debian' },
  { kubernetes: '1.34.4', containerd: '1.7.35' },
  { kubernetes: '1.36.3', containerd: '2.4.2' },
]

interface Row {
  readonly kubernetes: string
  readonly containerd: string
}

const { values } = parseArgs({
  options: {
    keep: { type: 'boolean', default: false },
    only: { type: 'string' },
    program: { type: 'string' },
    kubernetes: { type: 'string' },
    containerd: { type: 'string' },
    inside: { type: 'string' },
    result: { type: 'string' },
  },
})
if (process.getuid?.() !== 0) {
  console.error(
    'usage, as root: npm run live -- [--only PART,...] [--kubernetes VERSION] [--containerd VERSION] [--keep]',
  )
  process.exit(2)
}
process.exitCode = values.inside === undefined ? await outside() : await inside(values.inside, values.program ?? '')

/** The rows that are asked for, one after the other. */
async function outside(): Promise<number> {
  prepareProgram()
  await prepareTools()
  const rows = MATRIX.filter(
    (row) =>
      (values.kubernetes ?? row.kubernetes) === row.kubernetes &&
      (values.containerd ?? row.containerd) === row.containerd,
  )
  const [first = { kubernetes: '', containerd: '' }] = MATRIX
  const { kubernetes = first.kubernetes, containerd = first.containerd } = values
  if (values.only === 'faults') return faults(rows)
  const program = resolve(values.program ?? buildProgram())
  const chosen = rows.length > 0 ? rows : [{ kubernetes, containerd }]
  // A row has a network of its own, which leads nowhere, when the first of its programs is called for.
  for (const row of chosen) await programsOf(row)
  if (values.only?.split(',').includes('crio') ?? true) await findCrio()
  const table: string[] = []
  let worst = 0
  for (const row of chosen) {
    const start = Date.now()
    const { code, said } = await runRow(row, program)
    worst = Math.max(worst, code)
    const minutes = ((Date.now() - start) / 60_000).toFixed(1)
    table.push(`Kubernetes ${row.kubernetes}  containerd ${row.containerd.padEnd(8)}  ${said}  ${minutes} min`)
  }
  if (values.only === undefined) worst = Math.max(worst, await faults(rows))
  console.log(`\n${table.join('\n')}`)
  return worst
}

/** What the node script says of faults, on the containerd of each row and on the other runtimes. */
async function faults(rows: readonly Row[]): Promise<number> {
  const versions = [...new Set(rows.map(({ containerd }) => containerd))]
  const tools: string[] = []
  for (const version of versions) tools.push(version === 'debian' ? '' : await findContainerd(CACHE, version))
  const { code, text } = await runFaults(tools)
  console.log(text)
  return code
}

/** The directories of Kubernetes and of containerd; none for Debian's. Builds what is not there. */
async function programsOf({ kubernetes, containerd }: Row): Promise<{ programs: string; tools: string }> {
  const programs = await findPrograms(kubernetes)
  return { programs, tools: containerd === 'debian' ? '' : await findContainerd(CACHE, containerd) }
}

/** The program as one file, built anew unless it is newer than what npm run build made. */
function buildProgram(): string {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const program = join(root, `release/nodeseed-linux-${process.arch}`)
  const time = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (time(program) < time(join(root, 'oclif.manifest.json')))
    execFileSync(process.execPath, [join(root, 'bin/build-binary.js')], { cwd: root, stdio: 'pipe' })
  return program
}

/** Runs this again as the first process of its own namespaces: when it ends, so does all that it started. */
async function runRow(row: Row, program: string): Promise<{ code: number; said: string }> {
  const { kubernetes, containerd } = row
  const { programs, tools } = await programsOf(row)
  console.log(`# Kubernetes ${kubernetes}, containerd ${containerd}`)
  const directory = await mkdtemp(join(tmpdir(), 'nodeseed-live-result-'))
  const result = join(directory, 'result')
  const options = [
    ...(values.only === undefined ? [] : ['--only', values.only]),
    ...(values.keep ? ['--keep'] : []),
    ...['--program', program, '--inside', programs, '--result', result],
  ]
  const self = [process.execPath, fileURLToPath(import.meta.url), ...options]
  const child = spawn(
    'unshare',
    [
      ...['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'],
      ...['sh', '-c', `${MAKE_NETWORK} && exec "$@"`, 'sh', ...self],
    ],
    { stdio: 'inherit', env: { ...process.env, ...(tools && { NODESEED_TOOLS: tools }) } },
  )
  const passOn = () => {} // the child decides when to end
  process.on('SIGINT', passOn)
  const [code] = (await once(child, 'exit')) as [number | null]
  process.off('SIGINT', passOn)
  // Control groups outlive the processes in them. Only empty ones can be removed.
  spawnSync('find', ['/sys/fs/cgroup', '-depth', '-type', 'd', '-path', `*${CGROUP}*`, '-exec', 'rmdir', '{}', ';'])
  const said = await readFile(result, 'utf8').catch(() => 'ended early')
  await rm(directory, { recursive: true })
  return { code: code ?? 1, said }
}

async function inside(programs: string, program: string): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'nodeseed-live-'))
  const { only, keep, result } = values
  const { code, summary } = await liveChecks(programs, directory, { only, program, keep })
  if (result !== undefined) await writeFile(result, summary)
  if (code === 0) await rm(directory, { recursive: true, force: true })
  else console.log(`What the servers said is in ${join(directory, 'logs')}`)
  return code
}
