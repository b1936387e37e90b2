import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { demoContent } from '../../src/demo/images.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { runCli } from '../support/cli.ts'
import { testWith } from '../support/debian.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { killedAndEnded } from './killed.ts'

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

testWith(['strace']).for(Object.keys(WRITING))(
  '%s, killed at any call: the old or the new, and the next run ends it',
  { timeout: 600_000 },
  async (name) => {
    const { prepare, old, args, calls } = WRITING[name]!
    const here = await place()
    if (old) await runCli(old(here))
    await prepare?.(here)
    const after = await killedAndEnded(here.at('written'), { args: args(here), calls })
    // What was nobody's of ours still is there.
    if (name === 'seed') expect(after['seed/notes.txt']).toBe('notes')
  },
)
