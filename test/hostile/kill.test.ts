import { randomInt } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { demoContent } from '../../src/demo/images.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { runCli } from '../support/cli.ts'
import { testWith } from '../support/debian.ts'
import { runInjected } from '../support/injected.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { runs } from '../support/property-runs.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** System calls that change what is on the disk: a kill matters before each of them, and nowhere else. */
const CHANGES = 'pwrite64,fsync,fdatasync,ftruncate,rename,renameat,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir'
const NODES = 'examples/seed/nodes.yaml'
const MANIFEST = `apiVersion: v1
kind: Pod
metadata: { name: a }
spec:
  containers: [{ name: a, image: 'nginx:1', imagePullPolicy: Always }]
`

async function place() {
  const directory = await temporaryDirectory()
  const registry = await MemoryRegistry.start()
  registry.addImage('app', 'old', [Buffer.alloc(300_000, 'old')])
  registry.addImage('app', 'new', [Buffer.alloc(300_000, 'new')])
  const at = (name: string) => join(directory, name)
  await writeBundleOf(await demoContent(), at('demo.tar'))
  await mkdir(at('written'))
  const image = (tag: string) => `${registry.host}/app:${tag}`
  return { at, image }
}

type Place = Awaited<ReturnType<typeof place>>

interface Writing {
  readonly prepare?: (place: Place) => Promise<unknown>
  readonly old?: (place: Place) => string[]
  readonly args: (place: Place) => string[]
  /** About how many such calls a run makes. */
  readonly calls: number
}

const WRITING: Readonly<Record<string, Writing>> = {
  lock: {
    old: ({ at, image }) => ['lock', '--image', image('old'), '-o', at('written/out.lock')],
    calls: 4,
    args: ({ at, image }) => ['lock', '--image', image('new'), '-o', at('written/out.lock'), '--force'],
  },
  bundle: {
    old: ({ at, image }) => ['bundle', '--image', image('old'), '-o', at('written/out.tar')],
    calls: 14,
    args: ({ at, image }) => ['bundle', '--image', image('new'), '-o', at('written/out.tar'), '--force'],
  },
  'bundle in parts': {
    calls: 24,
    args: ({ at, image }) => ['bundle', '--image', image('new'), '-o', at('written/out.tar'), '--split', '100kB'],
  },
  merge: { calls: 14, args: ({ at }) => ['merge', at('demo.tar'), '-o', at('written/out.tar')] },
  seed: {
    old: ({ at }) => ['seed', at('demo.tar'), '--nodes', NODES, '-o', at('written/seed'), '--set-name', 'old'],
    prepare: ({ at }) => writeFile(at('written/seed/notes.txt'), 'notes'),
    calls: 40,
    args: ({ at }) => [
      'seed',
      at('demo.tar'),
      '--nodes',
      NODES,
      '-o',
      at('written/seed'),
      '--set-name',
      'new',
      '--force',
    ],
  },
  'patch --in-place': {
    calls: 4,
    prepare: ({ at }) => writeFile(at('written/pod.yaml'), MANIFEST, { mode: 0o600 }),
    args: ({ at }) => ['patch', at('written/pod.yaml'), '--policy', 'Never', '--in-place'],
  },
}

/** What a user sees: every file by its name and content, without what is still being written. */
async function seen(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const shown = files.filter((file) => !/\.partial|\/\.nodeseed-[0-9a-f]{12}\./.test(file)).sort()
  return Object.fromEntries(
    await Promise.all(shown.map(async (file) => [file.slice(directory.length + 1), await readFile(file, 'latin1')])),
  )
}

/** Whether a reader takes it for nothing: a directory between its two names, or parts without the first. */
function isNothing(files: Record<string, string>): boolean {
  const names = Object.keys(files)
  return names.length === 0 || (names.every((file) => /\.part\d{3}$/.test(file)) && !('out.tar.part001' in files))
}

testWith(['strace']).for(Object.keys(WRITING))(
  '%s, killed at any call: the old or the new, and the next run ends it',
  {
    timeout: 600_000,
  },
  async (name) => {
    const { prepare, old, args, calls } = WRITING[name]!
    const here = await place()
    const written = here.at('written')
    if (old) await runCli(old(here))
    await prepare?.(here)
    const before = await seen(written)
    const states = []
    for (let run = 0; run < runs(5); run++) {
      // The first one is sure to be killed; a run that was not leaves the next ones nothing to do.
      const when = run === 0 ? '1' : `${randomInt(1, calls + 1)}`
      const { signal } = await runInjected(args(here), { calls: CHANGES, effect: 'signal=SIGKILL', when })
      states.push({ when, signal, files: await seen(written) })
    }
    const { exitCode, stderr } = await runCli(args(here))
    expect([0, 4], stderr).toContain(exitCode)
    const after = await seen(written)
    expect(after).not.toEqual(before)
    expect(states.some(({ signal }) => signal === 'SIGKILL')).toBe(true)
    for (const { when, files } of states) {
      if (isNothing(files)) continue
      expect([before, after], `killed at ${when}`).toContainEqual(files)
    }
    // Nothing is left, and what was nobody's of ours still is there.
    const names = await readdir(written)
    expect(names.filter((file) => /\.partial|^\.nodeseed-[0-9a-f]{12}\./.test(file))).toEqual([])
    if (name === 'seed') expect(after['seed/notes.txt']).toBe('notes')
  },
)
