import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { lockNameBeside } from '../../src/disk/own-name.ts'
import { runCli } from '../support/cli.ts'
import { testWith } from '../support/debian.ts'
import { runInjected } from '../support/injected.ts'
import { RUNS } from '../support/property.ts'
import { NODES, type WritingPlace, writingPlace } from './writing-place.ts'

interface Writing {
  readonly args: (place: WritingPlace) => string[]
  /** What it writes, in `written`. */
  readonly target: string
}

/** Every command that writes files of its own making. */
const WRITING: Readonly<Record<string, Writing>> = {
  keygen: { args: ({ at }) => ['keygen', '-o', at('written/k')], target: 'k.key' },
  lock: { args: ({ at, image }) => ['lock', '--image', image('1'), '-o', at('written/out.lock')], target: 'out.lock' },
  bundle: {
    args: ({ at, image }) => ['bundle', '--image', image('1'), '-o', at('written/out.tar')],
    target: 'out.tar',
  },
  merge: { args: ({ at }) => ['merge', at('demo.tar'), '-o', at('written/out.tar')], target: 'out.tar' },
  seed: { args: ({ at }) => ['seed', at('demo.tar'), '--nodes', NODES, '-o', at('written/seed')], target: 'seed' },
  'patch -o': {
    args: ({ at }) => ['patch', at('pod.yaml'), '--policy', 'Never', '-o', at('written/overlay')],
    target: 'overlay',
  },
  demo: { args: ({ at }) => ['demo', '-o', at('written/demo')], target: 'demo' },
}

const FAULTS = [
  ['openat', ['EROFS', 'ENOSPC', 'EDQUOT', 'EIO']],
  ['pwrite64', ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS']],
  ['fsync', ['EIO', 'EDQUOT', 'ENOSPC', 'EROFS']],
  ['rename,renameat,renameat2,link,linkat', ['EROFS', 'EIO', 'ENOSPC', 'EDQUOT']],
] as const

const SAID: Readonly<Record<string, RegExp>> = {
  ENOSPC: /no space left on the disk\n {2}try: [^\n]+\n {2}code: DISK_FULL\n$/,
  EDQUOT: /no space left on the disk\n {2}try: [^\n]+\n {2}code: DISK_FULL\n$/,
  EIO: /cannot be written: the disk reports an error \(EIO\)\n {2}try: [^\n]+\n {2}code: DISK_ERROR\n$/,
  EROFS: /cannot be written: the file system is read-only\n {2}try: [^\n]+\n {2}code: DISK_ERROR\n$/,
}

/** Each command meets each system call; with RUNS above 1 also each error of it. */
const CASES = Object.keys(WRITING).flatMap((command, row) =>
  FAULTS.flatMap(([calls, errors], column) =>
    errors
      .filter((_, at) => RUNS > 1 || at === (row + column) % errors.length)
      .map((error) => [command, calls, error] as const),
  ),
)

testWith(['strace']).for(CASES)(
  '%s, when %s gives %s: said with exit code 3, and nothing is half written',
  async ([command, calls, error]) => {
    const here = await writingPlace('1')
    const { args, target } = WRITING[command]!
    const written = here.at('written')
    const path = calls === 'openat' ? { path: lockNameBeside(join(written, target)) } : {}
    const result = await runInjected(args(here), { calls, effect: `error=${error}`, ...path })
    expect(result.stderr).toMatch(SAID[error]!)
    expect(result).toMatchObject({ exitCode: 3, signal: null })
    const left = (await readdir(written)).filter((name) => !name.includes('.partial'))
    expect(left).toEqual([])
    expect(await runCli(args(here))).toMatchObject({ exitCode: 0 })
  },
)

const READING: Readonly<Record<string, (at: WritingPlace['at']) => { args: string[]; path: string }>> = {
  scan: (at) => ({ args: ['scan', at('pod.yaml')], path: at('pod.yaml') }),
  'scan of a directory': (at) => ({ args: ['scan', at('.')], path: at('pod.yaml') }),
  verify: (at) => ({ args: ['verify', at('demo.tar')], path: at('demo.tar') }),
  inspect: (at) => ({ args: ['inspect', at('demo.tar')], path: at('demo.tar') }),
  merge: (at) => ({ args: ['merge', at('demo.tar'), '-o', at('written/out.tar')], path: at('demo.tar') }),
  seed: (at) => ({ args: ['seed', at('demo.tar'), '--nodes', at('pod.yaml'), '-o', at('out')], path: at('pod.yaml') }),
}

testWith(['strace']).for(Object.keys(READING))(
  '%s of what the disk cannot read: file and byte, exit code 3',
  async (name) => {
    const { at } = await writingPlace('1')
    const { args, path } = READING[name]!(at)
    const result = await runInjected(args, { calls: 'read,pread64', effect: 'error=EIO', path })
    expect(result.stderr).toContain(
      `error: ${path}: cannot be read at byte 0: the disk reports an error (EIO)\n  try: `,
    )
    expect(result).toMatchObject({ exitCode: 3, signal: null, stdout: '' })
  },
)

testWith(['strace'])('verify: a bundle that cannot be read in its middle is no damaged one', async () => {
  const { at } = await writingPlace('1')
  const { exitCode, stderr } = await runInjected(['verify', at('demo.tar')], {
    ...{ calls: 'pread64', effect: 'error=EIO', when: '6+', path: at('demo.tar') },
  })
  expect(stderr).toMatch(/demo\.tar: cannot be read at byte \d+: the disk reports an error \(EIO\)/)
  expect(exitCode).toBe(3)
})
