import { writeFile } from 'node:fs/promises'
import { expect } from 'vitest'
import { runCli } from '../support/cli.ts'
import { testWith } from '../support/debian.ts'
import { killedAndEnded } from './killed.ts'
import { MANIFEST, NODES, type WritingPlace, writingPlace } from './writing-place.ts'

interface Writing {
  readonly prepare?: (place: WritingPlace) => Promise<unknown>
  readonly old?: (place: WritingPlace) => string[]
  readonly args: (place: WritingPlace) => string[]
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
    const here = await writingPlace('old', 'new')
    if (old) await runCli(old(here))
    await prepare?.(here)
    const after = await killedAndEnded(here.at('written'), { args: args(here), calls })
    // What was nobody's of ours still is there.
    if (name === 'seed') expect(after['seed/notes.txt']).toBe('notes')
  },
)
