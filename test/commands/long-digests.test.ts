import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { blobName } from '../../src/oci/content/image-layout.ts'
import { type Digest, digestOf } from '../../src/oci/digest.ts'
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { runCli } from '../support/cli.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('an image with a sha512 digest in a layout is refused when it is locked or left out and named, and can be verified', async () => {
  const directory = await temporaryDirectory()
  const layout = join(directory, 'layout')
  const put = async (name: string, content: string) => {
    await mkdir(dirname(join(layout, name)), { recursive: true })
    await writeFile(join(layout, name), content)
  }
  const blob = async (mediaType: string, content: string, algorithm = 'sha256') => {
    const digest: Digest = digestOf(content, algorithm)
    await put(blobName(digest), content)
    return { mediaType, digest, size: content.length }
  }
  const config = await blob(OCI_CONFIG, '{"os":"linux","architecture":"amd64"}')
  const layer = await blob(OCI_LAYER, 'layer', 'sha512')
  const document = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] }
  const named = (name: string) => ({ 'org.opencontainers.image.ref.name': name })
  const manifest = {
    ...(await blob(OCI_MANIFEST, JSON.stringify(document))),
    annotations: named('registry.example.com/long:1'),
  }
  await put('oci-layout', '{"imageLayoutVersion":"1.0.0"}')
  await put('index.json', JSON.stringify({ schemaVersion: 2, manifests: [manifest] }))
  expect((await runCli(['verify', layout])).exitCode).toBe(0)
  for (const command of ['lock', 'bundle']) {
    const { exitCode, stderr } = await runCli([command, '--from', layout, '--offline', '-o', join(directory, 'out')])
    expect({ command, exitCode }).toEqual({ command, exitCode: 3 })
    expect(stderr).toContain(`registry.example.com/long:1: its part ${layer.digest} has a digest that is too long`)
  }
  expect(await readdir(directory)).toEqual(['layout'])

  const other = { ...document, layers: [await blob(OCI_LAYER, 'layer')] }
  const short = { ...(await blob(OCI_MANIFEST, JSON.stringify(other))), annotations: named('registry.example.com/a:1') }
  await put('index.json', JSON.stringify({ schemaVersion: 2, manifests: [manifest, short] }))
  for (const command of ['lock', 'bundle']) {
    const args = ['--from', layout, '--offline', '--allow-missing', '--json', '-o', join(directory, command)]
    const { exitCode, stdout } = await runCli([command, ...args])
    expect({ command, exitCode }).toEqual({ command, exitCode: 4 })
    const message = expect.stringMatching(/too long for a bundle \[UNSUPPORTED\]/)
    expect(JSON.parse(stdout)).toMatchObject({
      images: [{ reference: 'registry.example.com/a:1' }],
      omissions: [{ code: 'IMAGE_UNAVAILABLE', entries: [{ subject: 'registry.example.com/long:1', message }] }],
    })
  }
})
