import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { OCI_MANIFEST } from '../../src/oci/media-type.ts'
import { runCli } from '../support/cli.ts'
import { ecKeys, pemOf } from '../support/der.ts'
import { MemoryRegistry } from '../support/memory-registry.ts'
import { addBundles, addLegacy, keyBundle, legacySignature } from '../support/signature-maker.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('inspect shows who signed an image, what is attached to it, where it is named, and what changed; and writes an SBOM', async () => {
  const directory = await temporaryDirectory()
  const at = (name: string) => join(directory, name)
  const registry = await MemoryRegistry.start()
  const name = `${registry.host}/shop/web`
  const keys = ecKeys()
  const old = registry.addImage('shop/web', '1', [Buffer.from('old')])
  const base = ['--platform', 'linux/amd64', '--image', `${name}:1`]
  expect(await runCli(['lock', ...base, '-o', at('may.lock')])).toMatchObject({ exitCode: 0 })

  const web = registry.addImage('shop/web', '1', [Buffer.from('web')])
  addLegacy(registry, 'shop/web', web, [legacySignature({ digest: web.digest, name }, keys.privateKey)])
  const sbom = Buffer.from('{"spdxVersion":"SPDX-2.3"}')
  const layers = [registry.addBlob('shop/web', sbom, 'application/spdx+json')]
  const config = registry.addBlob('shop/web', Buffer.from('{}'), 'application/vnd.oci.empty.v1+json')
  const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers, subject: web }
  const [bundle] = addBundles(registry, 'shop/web', web, [keyBundle({ digest: web.digest }, keys)])
  const listed = {
    ...registry.addManifest('shop/web', undefined, manifest, OCI_MANIFEST),
    artifactType: 'application/spdx+json',
  }
  registry.addReferrers('shop/web', web.digest, [bundle!, listed])
  const authorities = [{ name: 'release', key: { data: pemOf(keys.publicKey) } }]
  const kind = { apiVersion: 'policy.sigstore.dev/v1beta1', kind: 'ClusterImagePolicy', metadata: { name: 'all' } }
  await writeFile(at('policy.yaml'), JSON.stringify({ ...kind, spec: { images: [{ glob: '**' }], authorities } }))
  await writeFile(
    at('pod.yaml'),
    `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: web\n    image: ${name}:1\n`,
  )
  const signed = [...base, '--referrers', '--verify', at('policy.yaml')]
  expect(await runCli(['lock', ...signed, '-o', at('june.lock')])).toMatchObject({ exitCode: 0 })
  expect(await runCli(['bundle', at('june.lock'), '-o', at('june.tar')])).toMatchObject({ exitCode: 0 })

  const args = ['inspect', at('june.tar'), '--since', at('may.lock'), '--for', at('pod.yaml')]
  const { stdout } = await runCli([...args, '-o', 'wide'])
  expect(stdout).toMatch(/SIGNED BY +FIRST SEEN +ATTACHED +NAMED AT/)
  expect(stdout).toMatch(/key sha256:[0-9a-f]{64} +20\d\d-\S+Z +/)
  expect(stdout).toContain('1 SBOM')
  expect(stdout).toContain('who signed the images is what the lock says')
  expect(stdout).toContain(`${at('pod.yaml')}:7`)
  expect(stdout).toContain(`~ ${name}:1 ${old.digest} -> ${web.digest}`)
  const { images, changes } = JSON.parse((await runCli([...args, '--json'])).stdout)
  expect(images).toMatchObject([
    { signatures: [{ authority: 'release' }], namedAt: [{ file: at('pod.yaml'), line: 7 }] },
  ])
  expect(images[0].attached).toHaveLength(3)
  expect(changes.moved).toEqual([{ name: `${name}:1`, from: old.digest, to: web.digest }])

  const attached = ['inspect', at('june.tar'), '--attached', `${name}:1`]
  const { written, attached: found } = JSON.parse((await runCli([...attached, '--to', at('out'), '--json'])).stdout)
  const index = found.findIndex(({ kind }: { kind: string }) => kind === 'SBOM')
  expect(await readFile(written[index])).toEqual(sbom)
  expect(await runCli([...attached, '--to', at('out')])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('OUTPUT_EXISTS'),
  })
  const unknown = await runCli(['inspect', at('june.tar'), '--attached', `${name}:2`])
  expect(unknown).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`holds no image ${name}:2`) })
})
