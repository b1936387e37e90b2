import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { demoContent } from '../../src/demo/images.ts'
import { openBundle } from '../../src/layout/bundle-file.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { runCli } from '../support/cli.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { startServer } from './running-server.ts'
import { startServing } from './serving.ts'

const WEB = 'registry.example.com/shop/web:1.4'
const BIG = 'registry.example.com/shop/big:1'
const API = 'registry.example.com/shop/api:2.0.1'

async function bundle(args: string[]): Promise<void> {
  const content = await demoContent()
  const config = content.addBlob(OCI_CONFIG, Buffer.from('{"architecture":"amd64","os":"linux"}'))
  const layers = [content.addBlob(OCI_LAYER_GZIP, randomBytes(200_000))]
  const [repository = '', tag] = BIG.split(':')
  content.addManifest(repository, { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers }, tag)
  const upstream = await startServer(content)
  const mirror = ['--mirror', `registry.example.com=${upstream}/registry.example.com`]
  const { exitCode, stderr } = await runCli(['bundle', '--platform', 'linux/amd64', ...mirror, ...args])
  expect(exitCode, stderr).toBe(0)
}

async function expectWhole(url: string, file: string): Promise<void> {
  const opened = await openBundle(file)
  const { images } = opened.lock
  await opened.close()
  for (const { reference, platforms } of images) {
    const repository = reference.slice(0, reference.lastIndexOf(':'))
    for (const { digest } of platforms.flatMap(({ config, layers }) => [config, ...layers])) {
      const answer = await fetch(`${url}/v2/${repository}/blobs/${digest}`)
      expect(digestOf(new Uint8Array(await answer.arrayBuffer()))).toBe(digest)
    }
  }
}

test('a delta and its base are served as one', async () => {
  const directory = await temporaryDirectory()
  const [base, delta] = [join(directory, 'base.tar'), join(directory, 'delta.tar')]
  await bundle(['--image', WEB, '-o', base])
  await bundle(['--image', WEB, '--image', API, '--since', base, '-o', delta])
  const { url, repositories } = await startServing([base, delta])
  expect(repositories).toHaveLength(2)
  await expectWhole(url, delta)
})

test('a bundle in parts is served without joining them', async () => {
  const directory = await temporaryDirectory()
  await bundle(['--image', WEB, '--image', BIG, '--split', '64KiB', '-o', join(directory, 'shop.tar')])
  const [first = '', ...more] = (await readdir(directory)).sort()
  expect(more).not.toEqual([])
  const { url } = await startServing([join(directory, first)])
  await expectWhole(url, join(directory, first))
})
