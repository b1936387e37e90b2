import { randomInt } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { isSignedBy, makeKeyPair, readPublicKey } from '../../src/bundle/format/signature.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import { runCli } from '../support/cli.ts'
import { testWith } from '../support/debian.ts'
import { runInjected } from '../support/injected.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { RUNS } from '../support/property.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const CHANGES = 'pwrite64,fsync,fdatasync,ftruncate,rename,renameat,link,linkat,unlink,unlinkat'

async function place() {
  const directory = await temporaryDirectory()
  const registry = await MemoryRegistry.start()
  const at = (name: string) => join(directory, name)
  const { privateKey, publicKey } = makeKeyPair()
  await writeFile(at('mine.key'), privateKey)
  await writeFile(at('mine.pub'), publicKey)
  for (const tag of ['old', 'new']) registry.addImage('app', tag, [Buffer.alloc(150_000, tag)])
  const bundle = (tag: string, ...more: string[]) => [
    ...['bundle', '--image', `${registry.host}/app:${tag}`, '-o', at('out.tar'), ...more],
  ]
  return { directory, at, publicKey, bundle, sign: ['--sign', at('mine.key')] }
}

type Place = Awaited<ReturnType<typeof place>>

const KINDS: Readonly<Record<string, { old?: (place: Place) => string[]; args: (place: Place) => string[] }>> = {
  'the first': { args: ({ bundle, sign }) => bundle('new', ...sign) },
  'signed over signed': {
    old: ({ bundle, sign }) => bundle('old', ...sign),
    args: ({ bundle, sign }) => bundle('new', '--force', ...sign),
  },
  'unsigned over signed': {
    old: ({ bundle, sign }) => bundle('old', ...sign),
    args: ({ bundle }) => bundle('new', '--force'),
  },
  'signed parts over a signed file': {
    old: ({ bundle, sign }) => bundle('old', ...sign),
    args: ({ bundle, sign }) => bundle('new', '--force', '--split', '64KiB', ...sign),
  },
  'a signed file over signed parts': {
    old: ({ bundle, sign }) => bundle('old', '--split', '64KiB', ...sign),
    args: ({ bundle, sign }) => bundle('new', '--force', ...sign),
  },
  'fewer signed parts over more': {
    old: ({ bundle, sign }) => bundle('old', '--split', '64KiB', ...sign),
    args: ({ bundle, sign }) => bundle('new', '--force', '--split', '128KiB', ...sign),
  },
}

/** What a reader makes of what lies there: which bundle, if any, and whether its signature is good. */
async function seen({ at, publicKey }: Place): Promise<string> {
  const bundle = await openBundle(at('out.tar')).catch(() => undefined)
  const signature = await readFile(at('out.tar.sig'), 'utf8').catch(() => undefined)
  await bundle?.close()
  if (!bundle) return signature === undefined ? 'none' : 'a signature without a bundle'
  const tag = bundle.lock.images[0]?.reference.endsWith(':old') ? 'old' : 'new'
  if (signature === undefined) return `${tag}, unsigned`
  return isSignedBy(readPublicKey(publicKey), bundle.index, signature)
    ? `${tag}, signed`
    : `${tag}, with another's signature`
}

/** A kill at the changes of one name, or at any change. */
function injections(): { file?: string; calls: string; when: string }[] {
  const names = 'rename,renameat,link,linkat,unlink,unlinkat'
  const files = ['out.tar', 'out.tar.sig', 'out.tar.part001', 'out.tar.part003', 'out.tar.partial.journal']
  const aimed = files.flatMap((file) => ['1', '2'].map((when) => ({ file, calls: names, when })))
  const anywhere = Array.from({ length: 6 }, () => ({ calls: CHANGES, when: `${randomInt(1, 40)}` }))
  return [...aimed, ...anywhere]
}

testWith(['strace']).for(Object.keys(KINDS))(
  '%s, killed at any point: never beside a signature that is not its own, and the next run ends it',
  { timeout: 1_200_000 },
  async (name) => {
    const { old, args } = KINDS[name]!
    const wanted = name.startsWith('unsigned') ? 'new, unsigned' : 'new, signed'
    const all = injections()
    // One in every run of the suite, each in a long one.
    for (const { file, calls, when } of RUNS > 1 ? all : [all[randomInt(all.length)]!]) {
      const here = await place()
      if (old) expect((await runCli(old(here))).exitCode).toBe(0)
      const before = await seen(here)
      const path = file === undefined ? {} : { path: here.at(file) }
      await runInjected(args(here), { calls, effect: 'signal=SIGKILL', when, ...path })
      const allowed = [before, 'none', 'new, unsigned', 'old, unsigned', wanted]
      expect(allowed, `${file} ${when}`).toContain(await seen(here))
      const { exitCode, stderr } = await runCli(args(here))
      expect(exitCode, `${file} ${when}: ${stderr}`).toBe(0)
      expect(await seen(here)).toBe(wanted)
      const names = await readdir(here.directory)
      expect(names.filter((left) => /\.partial|^\.nodeseed-/.test(left))).toEqual([])
      expect(names.some((part) => part.includes('.part'))).toBe(args(here).includes('--split'))
    }
  },
)
