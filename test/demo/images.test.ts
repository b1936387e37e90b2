import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { demoContent } from '../../src/demo/images.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { startServer } from '../server/running-server.ts'
import { runTool, testWith } from '../support/debian.ts'
import { copyWithSkopeo } from '../support/skopeo.ts'

testWith(['skopeo'])('skopeo copies every image of the demo, all platforms, digests kept', async () => {
  const content = await demoContent()
  const server = await startServer(content)
  const directory = await mkdtemp(join(tmpdir(), 'nodeseed-demo-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  for (const [index, repository] of content.repositories().entries()) {
    const [tag = ''] = content.tags(repository)
    await copyWithSkopeo(`${server}/${repository}:${tag}`, join(directory, `${index}`))
    const { stdout } = await runTool('skopeo', ['inspect', '--raw', `dir:${join(directory, `${index}`)}`])
    expect(digestOf(stdout)).toBe((await content.findManifest(repository, tag))?.digest)
  }
})
