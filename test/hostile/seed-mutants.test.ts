import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { carriedFiles } from '../../src/bundle/format/node-files.ts'
import { planBundle } from '../../src/bundle/format/plan.ts'
import { makeKeyPair, signIndex } from '../../src/bundle/format/signature.ts'
import { bundleBytes } from '../support/bundle-maker.ts'
import { busyboxPath } from '../support/busybox.ts'
import { testWith, tool } from '../support/debian.ts'
import type { Blobs } from '../support/image-maker.ts'
import { runNodeScript } from '../support/node-script.ts'
import { runs } from '../support/property.ts'
import { shopImages } from '../support/shop-images.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { Dice, mutate } from './tar-mutator.ts'

/** Every second one lies in parts. */
const PART_BYTES = 5000
const SEED = Number(process.env.SEED ?? 1)

/** Shells, and the tar, dd and head that they find: those of this machine, and busybox alone. */
const SHELLS: Record<string, (directory: string) => Promise<{ shell: string[]; env?: Record<string, string> }>> = {
  'this machine': async () => ({ shell: ['sh'] }),
  busybox: async (directory) => ({
    shell: [tool('busybox'), 'sh'],
    env: { PATH: await busyboxPath(directory, ['openssl']) },
  }),
}

testWith(['openssl', 'busybox']).for(Object.keys(SHELLS))(
  'seed.sh --key on %s imports no mutant of a bundle, in one file or in parts',
  async (shell) => {
    const directory = await temporaryDirectory()
    const [file, root, key] = ['b.tar', 'node', 'release.pub'].map((name) => join(directory, name)) as [
      string,
      string,
      string,
    ]
    const blobs: Blobs = new Map()
    const lock = { version: 1, images: await shopImages(blobs) } as const
    const plan = planBundle(lock, carriedFiles(lock, '#!/bin/sh\necho the script that was signed\n'))
    const original = bundleBytes(plan, blobs)
    const { privateKey, publicKey } = makeKeyPair()
    await writeFile(key, publicKey)
    await writeFile(
      `${file}.sig`,
      signIndex(plan.files.find(({ name }) => name === 'index.json')!.content!, privateKey),
    )
    const images = join(root, 'var/lib/rancher/k3s/agent/images')
    const dice = new Dice(SEED)
    const options = await SHELLS[shell]!(directory)
    const wrong: string[] = []
    for (let at = 0; at < runs(10); at++) {
      const { mutant, how } = at < 2 ? { mutant: original, how: 'nothing' } : mutate(original, dice)
      const names = await writeParts(file, mutant, at % 2 === 0 ? mutant.length : PART_BYTES)
      await mkdir(images, { recursive: true })
      const args = ['--method', 'directory', '--root', root, '--platform', 'linux/amd64', '--key', key, file]
      const { code, stderr } = await runNodeScript(args, options)
      if ((code === 0) !== mutant.equals(original)) wrong.push(`${at}: ${how}: ${stderr}`)
      await rm(root, { recursive: true })
      for (const name of names) await rm(name)
    }
    expect(wrong).toEqual([])
  },
)

/** The names of the files that it wrote: the file itself where one part holds all. */
async function writeParts(file: string, bytes: Buffer, size: number): Promise<string[]> {
  const names: string[] = []
  for (let at = 0; at < bytes.length || names.length === 0; at += size) {
    const name = size >= bytes.length ? file : `${file}.part${`${names.length + 1}`.padStart(3, '0')}`
    names.push(name)
    await writeFile(name, bytes.subarray(at, at + size))
    if (size === 0) break
  }
  return names
}
