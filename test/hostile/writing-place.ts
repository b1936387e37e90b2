import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { demoContent } from '../../src/demo/images.ts'
import { writeBundleOf } from '../server/bundle-of.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { temporaryDirectory } from '../support/temporary.ts'

export const NODES = 'examples/seed/nodes.yaml'

export const MANIFEST = `apiVersion: v1
kind: Pod
metadata: { name: a }
spec:
  containers: [{ name: a, image: 'nginx:1', imagePullPolicy: Always }]
`

/**
 * What commands that write need: a registry with an image `app` of 300 kB for each tag, and a directory with a bundle
 * `demo.tar`, a manifest `pod.yaml` and an empty directory `written`.
 */
export async function writingPlace(...tags: readonly string[]) {
  const directory = await temporaryDirectory()
  const registry = await MemoryRegistry.start()
  for (const tag of tags) registry.addImage('app', tag, [Buffer.alloc(300_000, tag)])
  const at = (name: string) => join(directory, name)
  await writeBundleOf(await demoContent(), at('demo.tar'))
  await writeFile(at('pod.yaml'), MANIFEST)
  await mkdir(at('written'))
  return { at, image: (tag: string) => `${registry.host}/app:${tag}` }
}

export type WritingPlace = Awaited<ReturnType<typeof writingPlace>>
